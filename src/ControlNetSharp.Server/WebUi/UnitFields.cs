namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The fields of a control unit. Source: sd-webui-controlnet v1.1.455, internal_controlnet/args.py (names and
/// defaults); units are on where they do not say it, as in most of its versions.
/// </summary>
internal static class UnitFields
{
    public static PayloadSchema Schema { get; } =
        new(
            new("enabled", PayloadType.Flag, true),
            new("module", PayloadType.Text, ModuleTable.None),
            new("model", PayloadType.Text, UnitRequests.NoModel),
            new("weight", PayloadType.Number, 1.0),
            new("image", PayloadType.Any),
            new("input_image", PayloadType.Any),
            new("mask", PayloadType.Any),
            new("mask_image", PayloadType.Any),
            new("resize_mode", PayloadType.Text, "Crop and Resize"),
            new("control_mode", PayloadType.Text, "Balanced"),
            new("low_vram", PayloadType.Flag, false),
            new("lowvram", PayloadType.Flag, false),
            new("processor_res", PayloadType.Whole, -1),
            new("threshold_a", PayloadType.Number, -1.0),
            new("threshold_b", PayloadType.Number, -1.0),
            new("guidance_start", PayloadType.Number, 0.0),
            new("guidance_end", PayloadType.Number, 1.0),
            new("guidance", PayloadType.Number),
            new("pixel_perfect", PayloadType.Flag, false),
            new("hr_option", PayloadType.Text, "Both"),
            new("save_detected_map", PayloadType.Flag, true),
            new("inpaint_crop_input_image", PayloadType.Flag, true),
            new("effective_region_mask", PayloadType.Text),
            new("advanced_weighting", PayloadType.Any),
            new("union_control_type", PayloadType.Text, "Unknown"),
            new("pulid_mode", PayloadType.Text, "Fidelity"),
            new("ipadapter_input", PayloadType.Any),
            new("input_mode", PayloadType.Text, "simple"),
            new("is_ui", PayloadType.Any),
            new("guessmode", PayloadType.Any),
            new("use_preview_as_input", PayloadType.Any),
            new("generated_image", PayloadType.Any),
            new("batch_images", PayloadType.Any),
            new("output_dir", PayloadType.Any),
            new("loopback", PayloadType.Any),
            new("batch_mask_dir", PayloadType.Any),
            new("animatediff_batch", PayloadType.Any),
            new("batch_modifiers", PayloadType.Any),
            new("batch_image_files", PayloadType.Any),
            new("batch_keyframe_idx", PayloadType.Any)
        );

    /// <summary>Features that are not offered, with the values that ask for none of it.</summary>
    public static IReadOnlyList<(string Name, string[] Off)> NotOffered { get; } =
    [("union_control_type", ["Unknown"]), ("pulid_mode", ["Fidelity"]), ("input_mode", ["simple", "InputMode.SIMPLE"])];
}
