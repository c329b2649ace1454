using System.Globalization;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>A ControlNet for hints of several kinds.</summary>
internal sealed class UnionFile : ControlFile
{
    private const string Prefix = LdmLayout.Control;

    /// <summary>Kinds of hints of the two published ones.</summary>
    private static readonly int[] KnownCounts = [6, 8];
    private readonly ControlNetUnionParams _params;

    public UnionFile(CheckpointFiles files)
        : base(files)
    {
        _params = NetworkShapes.Inferred(files.Name, () => Shape(files));
        WithKnownHintEncoder(files, _params.ControlNet);
        if (!KnownCounts.Contains(_params.Kinds))
        {
            throw new CheckpointException(
                files.Name,
                $"this union ControlNet is for {_params.Kinds} kinds of hints; which they are is known of those for "
                    + $"{string.Join(" or ", KnownCounts)} (ProMax)."
            );
        }
    }

    /// <inheritdoc/>
    public override string Name => "union ControlNet";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params.ControlNet.UNet);

    /// <inheritdoc/>
    public override string Family => ModelFamily.Of(_params.ControlNet.UNet).Name;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HintKinds => UnionKinds.Of(_params.Kinds);

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, string Value)> Facts =>
        [("form", _params.Kinds == KnownCounts[^1] ? "ProMax" : "union"), ("hint", string.Join(", ", HintKinds))];

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.ControlNet.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys() =>
        NetworkKeys.Compare(
            Files,
            $"a union ControlNet of {Family}",
            (Prefix, () => new ControlNetUnion(_params, Placement.Meta))
        );

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model) =>
        Filled(new ControlNetUnion(_params, placement), Files, Prefix);

    private static ControlNetUnionParams Shape(CheckpointFiles files)
    {
        var shapes = files.ShapesBelow(Prefix);
        int Size(string name, int dimension) =>
            shapes.GetValueOrDefault(name) is [_, _] shape
                ? (int)shape[dimension]
                : throw new KeyNotFoundException($"'{name}' is missing or no matrix.");
        var kinds = Size("task_embedding", 0);
        var (width, rest) = Math.DivRem(Size("control_add_embedding.linear_1.weight", 1), kinds);
        return rest == 0
            ? new ControlNetUnionParams(
                NetworkShapes.ControlNet(shapes, CheckpointMetadata.Read(files)),
                kinds,
                width,
                Enumerable
                    .Range(0, int.MaxValue)
                    .TakeWhile(block => shapes.ContainsKey($"transformer_layes.{block}.attn.in_proj_weight"))
                    .Count()
            )
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"its kinds are {kinds}, but the width of their embedding is no multiple of that"
                )
            );
    }
}
