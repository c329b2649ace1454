namespace ControlNetSharp.Server.WebUi;

/// <summary>A slider of a preprocessor.</summary>
internal sealed record ModuleSlider(string Name, double Least, double Most, double Default, double Step);

/// <summary>A preprocessor of sd-webui-controlnet.</summary>
/// <param name="Name">The name that requests have.</param>
/// <param name="Label">The name that people see; requests have it as well.</param>
/// <param name="Priority">Higher ones come first in lists.</param>
/// <param name="Types">The control types that it belongs to; none for those that are listed under All alone.</param>
/// <param name="Sliders">
/// Its sliders beside the resolution, in the order of <c>threshold_a</c>, <c>threshold_b</c>.
/// </param>
internal sealed record ModuleRow(
    string Name,
    string Label,
    int Priority,
    IReadOnlyList<string> Types,
    IReadOnlyList<ModuleSlider> Sliders
)
{
    /// <summary>The resolution where none is given.</summary>
    public int Resolution { get; init; } = 512;

    /// <summary>Whether there is a slider for the resolution.</summary>
    public bool HasResolution { get; init; } = true;

    /// <summary>Whether it works without a ControlNet.</summary>
    public bool IsModelFree => Types is ["Reference" or "Revision"];
}

/// <summary>
/// The preprocessors of sd-webui-controlnet v1.1.455, scripts/preprocessor (names and ranges). Clients compare the
/// whole list, so those that do not run here are listed as well, and refused by name where they are asked for.
/// </summary>
internal static class ModuleTable
{
    public const string None = "none";
    private const int First = 100;
    private const int Last = 20;

    /// <summary>The least and largest resolution.</summary>
    public const int LeastResolution = 64,
        MostResolution = 2048,
        ResolutionStep = 8;

    /// <summary>All but <c>none</c>.</summary>
    public static IReadOnlyList<ModuleRow> All { get; } =
    [
        Row(
            "canny",
            null,
            First,
            ["Canny"],
            [new("Low Threshold", 1, 255, 100, 1), new("High Threshold", 1, 255, 200, 1)]
        ),
        Row("invert", "invert (from white bg & black line)", Last, ["Canny", "Lineart", "MLSD", "Scribble"]) with
        {
            HasResolution = false,
        },
        Row("depth", "depth_midas", First, ["Depth"]),
        Row("depth_zoe", null, 0, ["Depth"]),
        Row("depth_leres++", null, 0, ["Depth"], Leres()),
        Row("depth_leres", null, 0, ["Depth"], Leres()),
        Row("depth_hand_refiner", null, 0, ["Depth"]),
        Row("depth_anything_v2", null, 0, ["Depth"]),
        Row("depth_anything", null, 0, ["Depth"]),
        Row("normal_bae", null, First, ["NormalMap"]),
        Row("normal_map", "normal_midas", 0, ["NormalMap"], [new("Normal Background Threshold", 0, 1, 0.4, 0.01)]),
        Row("normal_dsine", null, 0, ["NormalMap"], [new("Fov", 0, 360, 60, 0.1), new("Iterations", 1, 20, 5, 1)]),
        Row("openpose_full", null, First, ["OpenPose"]),
        Row("openpose_hand", null, 0, ["OpenPose"]),
        Row("openpose_faceonly", null, 0, ["OpenPose"]),
        Row("openpose_face", null, 0, ["OpenPose"]),
        Row("openpose", null, 0, ["OpenPose"]),
        Row("dw_openpose_full", null, 0, ["OpenPose"]),
        Row("densepose_parula", "densepose_parula (black bg & blue torso)", 0, ["OpenPose"]),
        Row("densepose", "densepose (pruple bg & purple torso)", 0, ["OpenPose"]),
        Row("animal_openpose", null, 0, ["OpenPose"]),
        Row(
            "mlsd",
            null,
            First,
            ["MLSD"],
            [new("MLSD Value Threshold", 0.01, 2, 0.1, 0.01), new("MLSD Distance Threshold", 0.01, 20, 0.1, 0.01)]
        ),
        Row("lineart_standard", "lineart_standard (from white bg & black line)", First, ["Lineart"]),
        Row("lineart", "lineart_realistic", 0, ["Lineart"]),
        Row("lineart_coarse", null, 0, ["Lineart"]),
        Row("lineart_anime_denoise", null, 0, ["Lineart"]),
        Row("lineart_anime", null, 0, ["Lineart"]),
        Row("pidinet", "softedge_pidinet", First, ["SoftEdge"]),
        Row("softedge_teed", null, 0, ["SoftEdge"], [new("Safe Steps", 0, 10, 2, 1)]),
        Row("pidinet_safe", "softedge_pidisafe", 0, ["SoftEdge"]),
        Row("hed_safe", "softedge_hedsafe", 0, ["SoftEdge"]),
        Row("hed", "softedge_hed", 0, ["SoftEdge"]),
        Row("softedge_anyline", null, 0, ["SoftEdge"], [new("Safe Steps", 0, 10, 2, 1)]) with
        {
            Resolution = 1280,
        },
        Row("pidinet_scribble", "scribble_pidinet", First, ["Scribble", "SparseCtrl"]),
        Row("scribble_xdog", null, 0, ["Scribble", "SparseCtrl"], [new("XDoG Threshold", 1, 64, 32, 0.01)]),
        Row("scribble_hed", null, 0, ["Scribble", "SparseCtrl"]),
        Row("oneformer_ade20k", "seg_ofade20k", First, ["Segmentation"]),
        Row("segmentation", "seg_ufade20k", 0, ["Segmentation"]),
        Row("oneformer_coco", "seg_ofcoco", 0, ["Segmentation"]),
        Row("anime_face_segment", "seg_anime_face", 0, ["Segmentation"]),
        Row("mobile_sam", null, 0, ["Segmentation"]),
        Row("shuffle", null, 0, ["Shuffle"]) with
        {
            HasResolution = false,
        },
        Row("tile_resample", null, First, ["Tile"], [new("Down Sampling Rate", 1, 8, 1, 0.01)]),
        Row("tile_colorfix+sharp", null, 0, ["Tile"], [new("Variation", 3, 32, 8, 1), new("Sharpness", 0, 2, 1, 0.01)]),
        Row("tile_colorfix", null, 0, ["Tile"], [new("Variation", 3, 32, 8, 1)]),
        Row("blur_gaussian", null, 0, ["Tile"], [new("Sigma", 0.01, 64, 9, 0.01)]),
        Row("inpaint_only", null, First, ["Inpaint"]) with
        {
            HasResolution = false,
        },
        Row("inpaint_only+lama", null, 0, ["Inpaint"]) with
        {
            HasResolution = false,
        },
        Row("inpaint", "inpaint_global_harmonious", 0, ["Inpaint"]) with
        {
            HasResolution = false,
        },
        Row("reference_only", null, First, ["Reference"], Fidelity()),
        Row("reference_adain+attn", null, 0, ["Reference"], Fidelity()),
        Row("reference_adain", null, 0, ["Reference"], Fidelity()),
        Row("recolor_luminance", null, First, ["Recolor"], Gamma()),
        Row("recolor_intensity", null, 0, ["Recolor"], Gamma()),
        Row("revision_clipvision", null, First, ["Revision"], Noise()),
        Row("revision_ignore_prompt", null, 0, ["Revision"], Noise()),
        Row("clip_vision", "t2ia_style_clipvision", 0, ["T2I-Adapter"]),
        Row("pidinet_sketch", "t2ia_sketch_pidi", 0, ["T2I-Adapter"]),
        Row("color", "t2ia_color_grid", 0, ["T2I-Adapter"]),
        Row("ip-adapter-auto", null, 10 * First, ["IP-Adapter"]),
        Row("ip-adapter_clip_sd15", "ip-adapter_clip_h", First, ["IP-Adapter"]),
        Row("ip-adapter_pulid", null, 0, ["IP-Adapter"]) with
        {
            HasResolution = false,
        },
        Row("ip-adapter_face_id_plus", null, 0, ["IP-Adapter"]),
        Row("ip-adapter_face_id", null, 0, ["IP-Adapter"]),
        Row("ip-adapter_clip_sdxl_plus_vith", null, 0, ["IP-Adapter"]),
        Row("ip-adapter_clip_sdxl", "ip-adapter_clip_g", 0, ["IP-Adapter"]),
        Row("instant_id_face_keypoints", null, 0, ["Instant-ID"]),
        Row("instant_id_face_embedding", null, 0, ["Instant-ID"]),
        Row("threshold", null, 0, [], [new("Binarization Threshold", 0, 255, 127, 0.01)]),
        Row(
            "mediapipe_face",
            null,
            0,
            [],
            [new("Max Faces", 1, 10, 1, 1), new("Min Face Confidence", 0.01, 1, 0.5, 0.01)]
        ),
        Row("facexlib", null, 0, []) with
        {
            HasResolution = false,
        },
    ];

    private static ModuleRow Row(
        string name,
        string? label,
        int priority,
        IReadOnlyList<string> types,
        IReadOnlyList<ModuleSlider>? sliders = null
    ) => new(name, label ?? name, priority, types, sliders ?? []);

    private static ModuleSlider[] Leres() =>
        [new("Remove Near %", 0, 100, 0, 0.1), new("Remove Background %", 0, 100, 0, 0.1)];

    private static ModuleSlider[] Fidelity() => [new("Style Fidelity (only for Balanced mode)", 0, 1, 0.5, 0.01)];

    private static ModuleSlider[] Gamma() => [new("Gamma Correction", 0.1, 2, 1, 0.001)];

    private static ModuleSlider[] Noise() => [new("Noise Augmentation", 0, 1, 0, 0.01)];
}
