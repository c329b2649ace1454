namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The control types, and which preprocessors and ControlNets belong to them. Source: sd-webui-controlnet v1.1.455,
/// scripts/global_state.py (behaviour); the embedded ControlNets have the names of kinds here.
/// </summary>
internal static class ControlTypes
{
    public const string Every = "All";

    private const string Union = "union";

    private static readonly Dictionary<string, string[]> Aliases = new(StringComparer.Ordinal)
    {
        ["InstructP2P"] = ["ip2p"],
        ["Segmentation"] = ["seg"],
        ["NormalMap"] = ["normal"],
        ["T2I-Adapter"] = ["t2i_adapter", "t2iadapter", "t2ia"],
        ["IP-Adapter"] = ["ip_adapter", "ipadapter"],
        ["OpenPose"] = ["densepose", "pose"],
        ["Instant-ID"] = ["instant_id", "instantid"],
        ["Scribble"] = ["sketch"],
        ["Tile"] = ["blur"],
        ["SoftEdge"] = ["hed"],
        ["MLSD"] = ["hough"],
    };

    private static readonly string[] OfUnion =
    [
        "OpenPose",
        "Depth",
        "SoftEdge",
        "Scribble",
        "Canny",
        "Lineart",
        "MLSD",
        "NormalMap",
        "Segmentation",
        "Inpaint",
        "Tile",
    ];

    /// <summary>All of them, in the order of lists.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Every,
        "Canny",
        "Depth",
        "IP-Adapter",
        "Inpaint",
        "Instant-ID",
        "InstructP2P",
        "Lineart",
        "MLSD",
        "NormalMap",
        "OpenPose",
        "Recolor",
        "Reference",
        "Revision",
        "Scribble",
        "Segmentation",
        "Shuffle",
        "SoftEdge",
        "SparseCtrl",
        "T2I-Adapter",
        "Tile",
    ];

    /// <summary>Whether a preprocessor belongs to a type.</summary>
    public static bool Has(string type, ModuleRow module) =>
        type == Every || module.Types.Contains(type, StringComparer.Ordinal);

    /// <summary>Whether a ControlNet belongs to a type, by its name.</summary>
    public static bool IsOf(string type, string model) =>
        type == Every
        || Aliases
            .GetValueOrDefault(type, [])
            .Prepend(type)
            .Any(word => model.Contains(word, StringComparison.OrdinalIgnoreCase))
        || (
            OfUnion.Contains(type, StringComparer.Ordinal) && model.Contains(Union, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The ControlNet that a type begins with: of version 1.1 where there is one.</summary>
    public static string UsualModel(IReadOnlyList<string> models) =>
        models.FirstOrDefault(model => model.Split('[')[0].Contains("11", StringComparison.Ordinal))
        ?? models.ElementAtOrDefault(1)
        ?? models[0];
}
