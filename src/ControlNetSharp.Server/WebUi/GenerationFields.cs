using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The fields of txt2img and img2img. Source: stable-diffusion-webui v1.10.1, modules/processing.py,
/// modules/api/models.py (names and defaults).
/// </summary>
internal static class GenerationFields
{
    private static readonly PayloadField[] Common =
    [
        new("prompt", PayloadType.Text, ""),
        new("negative_prompt", PayloadType.Text, ""),
        new("styles", PayloadType.Texts),
        new("seed", PayloadType.Whole, -1),
        new("subseed", PayloadType.Whole, -1),
        new("subseed_strength", PayloadType.Number, 0.0),
        new("seed_resize_from_h", PayloadType.Whole, -1),
        new("seed_resize_from_w", PayloadType.Whole, -1),
        new("sampler_name", PayloadType.Text),
        new("scheduler", PayloadType.Text),
        new("batch_size", PayloadType.Whole, 1),
        new("n_iter", PayloadType.Whole, 1),
        new("steps", PayloadType.Whole, 50),
        new("cfg_scale", PayloadType.Number, 7.0),
        new("width", PayloadType.Whole, 512),
        new("height", PayloadType.Whole, 512),
        new("restore_faces", PayloadType.Flag),
        new("tiling", PayloadType.Flag),
        new("do_not_save_samples", PayloadType.Flag, false),
        new("do_not_save_grid", PayloadType.Flag, false),
        new("eta", PayloadType.Number),
        new("denoising_strength", PayloadType.Number, 0.75),
        new("s_min_uncond", PayloadType.Number),
        new("s_churn", PayloadType.Number),
        new("s_tmax", PayloadType.Number),
        new("s_tmin", PayloadType.Number),
        new("s_noise", PayloadType.Number),
        new("override_settings", PayloadType.Map),
        new("override_settings_restore_afterwards", PayloadType.Flag, true),
        new("refiner_checkpoint", PayloadType.Text),
        new("refiner_switch_at", PayloadType.Number),
        new("disable_extra_networks", PayloadType.Flag, false),
        new("firstpass_image", PayloadType.Any),
        new("comments", PayloadType.Map),
        new("force_task_id", PayloadType.Text),
        new("sampler_index", PayloadType.Text, "Euler") { RefusesNull = true },
        new("script_name", PayloadType.Text),
        new("script_args", PayloadType.List, new JsonArray()) { RefusesNull = true },
        new("send_images", PayloadType.Flag, true) { RefusesNull = true },
        new("save_images", PayloadType.Flag, false) { RefusesNull = true },
        new("alwayson_scripts", PayloadType.Map, new JsonObject()) { RefusesNull = true },
        new("infotext", PayloadType.Text),
    ];

    public static PayloadSchema Txt2Img { get; } =
        new([
            .. Common,
            new("enable_hr", PayloadType.Flag, false),
            new("firstphase_width", PayloadType.Whole, 0),
            new("firstphase_height", PayloadType.Whole, 0),
            new("hr_scale", PayloadType.Number, 2.0),
            new("hr_upscaler", PayloadType.Text),
            new("hr_second_pass_steps", PayloadType.Whole, 0),
            new("hr_resize_x", PayloadType.Whole, 0),
            new("hr_resize_y", PayloadType.Whole, 0),
            new("hr_checkpoint_name", PayloadType.Text),
            new("hr_sampler_name", PayloadType.Text),
            new("hr_scheduler", PayloadType.Text),
            new("hr_prompt", PayloadType.Text, ""),
            new("hr_negative_prompt", PayloadType.Text, ""),
        ]);

    public static PayloadSchema Img2Img { get; } =
        new([
            .. Common.Where(field => field.Name != "denoising_strength"),
            new("denoising_strength", PayloadType.Number, 0.75) { RefusesNull = true },
            new("init_images", PayloadType.Texts),
            new("resize_mode", PayloadType.Whole, 0),
            new("image_cfg_scale", PayloadType.Number),
            new("mask", PayloadType.Text),
            new("mask_blur_x", PayloadType.Whole, 4),
            new("mask_blur_y", PayloadType.Whole, 4),
            new("mask_blur", PayloadType.Whole),
            new("mask_round", PayloadType.Flag, true),
            new("inpainting_fill", PayloadType.Whole, 0),
            new("inpaint_full_res", PayloadType.Flag, true),
            new("inpaint_full_res_padding", PayloadType.Whole, 0),
            new("inpainting_mask_invert", PayloadType.Whole, 0),
            new("initial_noise_multiplier", PayloadType.Number),
            new("latent_mask", PayloadType.Any),
            new("include_init_images", PayloadType.Flag, false) { RefusesNull = true },
        ]);

    /// <summary>Numbers that ask for a feature that is not offered, with those that do not.</summary>
    public static IReadOnlyList<(string Name, double[] Off)> NotOffered { get; } =
    [
        ("subseed_strength", [0]),
        ("s_churn", [0]),
        ("s_tmin", [0]),
        ("s_tmax", [0]),
        ("s_noise", [1]),
        ("s_min_uncond", [0]),
    ];
}
