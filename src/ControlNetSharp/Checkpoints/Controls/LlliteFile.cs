using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>A ControlNet-LLLite, in kohya's naming.</summary>
internal sealed partial class LlliteFile : ControlFile
{
    private const int ShownKeys = 5;
    private readonly LlliteParams _params;

    public LlliteFile(CheckpointFiles files)
        : base(files) => _params = NetworkShapes.Inferred(files.Name, () => Shape(files));

    /// <inheritdoc/>
    public override string Name => "ControlNet-LLLite";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params);

    /// <inheritdoc/>
    public override string Family => ModelFamily.OfLllites.FullName;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, string Value)> Facts =>
        [
            ("form", $"{Number(_params.Modules.Count)} modules in {Number(_params.Stages.Count)} stages"),
            ("rank", Number(_params.Modules[0].HiddenChannels)),
            ("hint", "RGB"),
        ];

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys() =>
        NetworkKeys.Compare(Files, "a ControlNet-LLLite", ("", () => new Lllite(_params, Placement.Meta)));

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model) =>
        Filled(new Lllite(_params, placement), Files, "");

    private static LlliteParams Shape(CheckpointFiles files)
    {
        var names = files.Shapes.Keys.Select(name => name[..Math.Max(0, name.IndexOf('.'))]).Distinct();
        var sites = names.Select(name => (Name: name, Site: SiteOf(name))).ToList();
        var foreign = sites.Where(site => site.Site is null).Select(site => site.Name).ToList();
        if (foreign.Count > 0)
        {
            throw new ArgumentException(
                "modules beside queries, keys and values of self-attention and beside queries of attention to the text "
                    + "can be run; these are others: "
                    + string.Join(", ", foreign.Order(StringComparer.Ordinal).Take(ShownKeys))
            );
        }

        return new LlliteParams([
            .. sites
                .Select(site => Module(site.Site!, files.Shapes))
                .OrderBy(module => (module.Site.Part, module.Site.Number, module.Site.Block)),
        ]);
    }

    private static LlliteModuleParams Module(LlliteSite site, IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        IReadOnlyList<long>? Of(string part) => shapes.GetValueOrDefault($"{site.Name}.{part}.weight");
        int Size(string part, int dimension) =>
            Of(part) is { } shape && shape.Count > dimension
                ? (int)shape[dimension]
                : throw new KeyNotFoundException($"'{site.Name}.{part}.weight' is missing or has too few dimensions.");
        var third = Of("conditioning1.4") is not null;
        return new LlliteModuleParams(
            site,
            Channels: Size("down.0", 1),
            EmbeddingChannels: Size(third ? "conditioning1.4" : "conditioning1.2", 0),
            HiddenChannels: Size("down.0", 0),
            Level: third ? 2
                : Size("conditioning1.2", 2) == 4 ? 1
                : 0
        );
    }

    private static LlliteSite? SiteOf(string name) =>
        NamePattern().Match(name) is { Success: true } match
            ? new LlliteSite(
                name,
                match.Groups["part"].Value switch
                {
                    "input" => LllitePart.Input,
                    "output" => LllitePart.Output,
                    _ => LllitePart.Middle,
                },
                match.Groups["number"].Success ? NumberOf(match.Groups["number"]) : 0,
                NumberOf(match.Groups["block"]),
                match.Groups["attention"].Value[0] == '1',
                match.Groups["attention"].Value[^1]
            )
            : null;

    private static int NumberOf(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(
        "^lllite_unet_((?<part>input|output)_blocks_(?<number>[0-9]{1,2})|middle_block)_1_transformer_blocks_"
            + "(?<block>[0-9]{1,2})_attn(?<attention>1_to_[qkv]|2_to_q)$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex NamePattern();
}
