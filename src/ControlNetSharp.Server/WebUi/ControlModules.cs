using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace ControlNetSharp.Server.WebUi;

/// <summary>How a preprocessor is carried out here.</summary>
internal enum ModuleUse
{
    /// <summary>The picture already is the hint.</summary>
    AsItIs,

    /// <summary>The picture is the hint, made smaller.</summary>
    Smaller,

    /// <summary>The picture is the hint, with what is masked to be made anew.</summary>
    Inpaint,

    /// <summary>An IP-Adapter's image encoder looks at the picture.</summary>
    Look,

    /// <summary>An annotator makes the hint.</summary>
    Annotate,

    /// <summary>Not at all.</summary>
    Nothing,
}

/// <summary>A preprocessor with what it is here.</summary>
/// <param name="Row">Its names and sliders.</param>
/// <param name="Use">How it is carried out.</param>
/// <param name="Annotator">The annotator; null where none makes the hint.</param>
internal sealed record ControlModule(ModuleRow Row, ModuleUse Use, AnnotatorInfo? Annotator = null);

/// <summary>
/// Preprocessors by name: those of sd-webui-controlnet, and the annotators that only this program has.
/// </summary>
internal sealed class ControlModules
{
    private static readonly Dictionary<string, ModuleUse> Uses = new(StringComparer.Ordinal)
    {
        ["tile_resample"] = ModuleUse.Smaller,
        ["inpaint"] = ModuleUse.Inpaint,
        ["inpaint_only"] = ModuleUse.Inpaint,
    };

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        ["canny"] = "Canny",
        ["hough"] = "MLSD",
        ["hed"] = "SoftEdge",
        ["scribble"] = "Scribble",
        ["pose"] = "OpenPose",
        ["segmentation"] = "Segmentation",
        ["normal"] = "NormalMap",
        ["depth"] = "Depth",
        ["lineart"] = "Lineart",
        ["tile"] = "Tile",
        ["inpaint"] = "Inpaint",
        ["recolor"] = "Recolor",
        ["shuffle"] = "Shuffle",
        ["ip2p"] = "InstructP2P",
        ["color"] = "T2I-Adapter",
    };

    private readonly AnnotatorFiles? _files;

    public ControlModules(IServiceProvider services, ServerSettings settings)
    {
        // A front end does not know what its workers have.
        _files = services.GetService<ControlNetEngine>() is null ? null : AnnotatorFiles.Below(settings.Models);
        var stock = ModuleTable.All.Select(Known).ToList();
        var own = AnnotatorCatalogue
            .All.Where(info => !stock.Exists(module => module.Annotator == info))
            .Select(info => new ControlModule(
                new ModuleRow(info.Name, info.Name, 0, TypesOf(info), [.. info.Options.Select(Slider)]),
                ModuleUse.Annotate,
                info
            ));
        All =
        [
            NoModule,
            .. stock
                .Concat(own)
                .OrderByDescending(module => module.Row.Priority)
                .ThenByDescending(module => module.Row.Label, StringComparer.Ordinal),
        ];
    }

    /// <summary>All, <c>none</c> first.</summary>
    public IReadOnlyList<ControlModule> All { get; }

    private static ControlModule NoModule { get; } =
        new(new ModuleRow(ModuleTable.None, ModuleTable.None, 0, [], []), ModuleUse.AsItIs);

    /// <summary>A preprocessor by name or label, in any case; null where there is none.</summary>
    public ControlModule? Find(string name) =>
        All.FirstOrDefault(module => module.Row.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? All.FirstOrDefault(module => module.Row.Label.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? All.FirstOrDefault(module =>
            module.Annotator?.ModuleNames.Contains(name, StringComparer.OrdinalIgnoreCase) == true
        );

    /// <summary>Whether a preprocessor can be carried out, as far as is known here.</summary>
    public bool CanRun(ControlModule module) => module.Use != ModuleUse.Nothing && MissingFile(module) is null;

    /// <summary>Why a preprocessor cannot be carried out; null where it can.</summary>
    public string? WhyNot(ControlModule module)
    {
        if (module.Use != ModuleUse.Nothing)
        {
            return MissingFile(module);
        }

        List<string> others =
        [
            .. All.Where(other =>
                    other.Row.Types.Intersect(module.Row.Types, StringComparer.Ordinal).Any() && CanRun(other)
                )
                .Select(other => other.Row.Name),
        ];
        return "Module not supported" + (others.Count == 0 ? "" : $"; there are {string.Join(", ", others)}");
    }

    private string? MissingFile(ControlModule module)
    {
        if (module.Annotator is not { } annotator || _files is null)
        {
            return null;
        }

        try
        {
            _files.FindAll(annotator);
            return null;
        }
        catch (FileNotFoundException e)
        {
            return e.Message;
        }
    }

    private static ControlModule Known(ModuleRow row) =>
        Uses.TryGetValue(row.Name, out var use) ? new ControlModule(row, use)
        : InfotextUnits.IsForIpAdapter(row.Name) ? new ControlModule(row, ModuleUse.Look)
        : InfotextUnits.AnnotatorNamed(row.Label) is { } annotator
            ? new ControlModule(row, ModuleUse.Annotate, annotator)
        : new ControlModule(row, ModuleUse.Nothing);

    /// <summary>
    /// The type of an annotator's kind; none for kinds that the original has not, which stand among all.
    /// </summary>
    private static string[] TypesOf(AnnotatorInfo info) => Types.TryGetValue(info.Kind, out var type) ? [type] : [];

    private static ModuleSlider Slider(AnnotatorOption option) =>
        new(option.Name, option.Min, option.Max, option.Default, option.Whole ? 1 : 0.01);
}
