using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What an option does here.</summary>
internal enum OptionEffect
{
    /// <summary>It changes what is made or answered.</summary>
    Used,

    /// <summary>It is kept and told, and changes nothing here.</summary>
    Kept,

    /// <summary>It would change what is made, and can only be left as it is.</summary>
    Fixed,
}

/// <summary>An option of stable-diffusion-webui.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Default">
/// Its value where nobody set it: a string, a number (whole ones are told as 1.0), a boolean.
/// </param>
/// <param name="Effect">What it does here.</param>
internal sealed record WebUiOption(string Name, object? Default, OptionEffect Effect);

/// <summary>
/// The options that clients read and write. Source: stable-diffusion-webui v1.10.1, shared_options.py (names and
/// defaults).
/// </summary>
internal static class OptionTable
{
    public const string Model = "sd_model_checkpoint";
    public const string Vae = "sd_vae";
    public const string ClipSkip = "CLIP_stop_at_last_layers";
    public const string Format = "samples_format";
    public const string Quality = "jpeg_quality";
    public const string NoDetectedMaps = "control_net_no_detectmap";
    public const string KeepMaskedPictures = "controlnet_ignore_noninpaint_mask";
    public const string TokenMerging = "token_merging_ratio";
    public const string Automatic = "Automatic";

    private static readonly Dictionary<string, WebUiOption> Rows = new WebUiOption[]
    {
        new(Model, "", OptionEffect.Used),
        new(Vae, Automatic, OptionEffect.Used),
        new(ClipSkip, 1.0, OptionEffect.Used),
        new(Format, "png", OptionEffect.Used),
        new(Quality, 80.0, OptionEffect.Used),
        new(NoDetectedMaps, false, OptionEffect.Used),
        new(KeepMaskedPictures, false, OptionEffect.Used),
        new(TokenMerging, 0.0, OptionEffect.Used),
        new("sd_checkpoint_hash", "", OptionEffect.Kept),
        new("control_net_unit_count", 3.0, OptionEffect.Kept),
        new("control_net_allow_script_control", false, OptionEffect.Kept),
        new("samples_save", true, OptionEffect.Kept),
        new("samples_filename_pattern", "", OptionEffect.Kept),
        new("save_to_dirs", true, OptionEffect.Kept),
        new("grid_save", true, OptionEffect.Kept),
        new("grid_format", "png", OptionEffect.Kept),
        new("return_grid", true, OptionEffect.Kept),
        new("do_not_show_images", false, OptionEffect.Kept),
        new("save_txt", false, OptionEffect.Kept),
        new("webp_lossless", false, OptionEffect.Kept),
        new("enable_pnginfo", true, OptionEffect.Kept),
        new("outdir_samples", "", OptionEffect.Kept),
        new("outdir_txt2img_samples", "outputs/txt2img-images", OptionEffect.Kept),
        new("outdir_img2img_samples", "outputs/img2img-images", OptionEffect.Kept),
        new("outdir_extras_samples", "outputs/extras-images", OptionEffect.Kept),
        new("outdir_grids", "", OptionEffect.Kept),
        new("outdir_txt2img_grids", "outputs/txt2img-grids", OptionEffect.Kept),
        new("outdir_img2img_grids", "outputs/img2img-grids", OptionEffect.Kept),
        new("outdir_save", "log/images", OptionEffect.Kept),
        new("outdir_init_images", "outputs/init-images", OptionEffect.Kept),
        new("send_seed", true, OptionEffect.Kept),
        new("send_size", true, OptionEffect.Kept),
        new("face_restoration_model", "CodeFormer", OptionEffect.Kept),
        new("code_former_weight", 0.5, OptionEffect.Kept),
        new("live_previews_enable", true, OptionEffect.Kept),
        new("show_progress_every_n_steps", 10.0, OptionEffect.Kept),
        new("show_progress_type", "Approx NN", OptionEffect.Kept),
        new("sd_checkpoint_cache", 0.0, OptionEffect.Kept),
        new("sd_checkpoints_limit", 1.0, OptionEffect.Kept),
        new("sd_vae_checkpoint_cache", 0.0, OptionEffect.Kept),
        new("upcast_attn", false, OptionEffect.Kept),
        new("no_half", false, OptionEffect.Kept),
        new("img2img_background_color", "#ffffff", OptionEffect.Kept),
        new("upscaler_for_img2img", "None", OptionEffect.Kept),
        new("lora_preferred_name", "Alias from file", OptionEffect.Kept),
        new("enable_emphasis", true, OptionEffect.Fixed),
        new("emphasis", "Original", OptionEffect.Fixed),
        new("randn_source", "CPU", OptionEffect.Fixed),
        new("tiling", false, OptionEffect.Fixed),
        new("face_restoration", false, OptionEffect.Fixed),
        new("sd_unet", Automatic, OptionEffect.Fixed),
        new("sd_hypernetwork", "None", OptionEffect.Fixed),
        new("sd_lora", "None", OptionEffect.Fixed),
        new("eta_ddim", 0.0, OptionEffect.Fixed),
        new("eta_ancestral", 1.0, OptionEffect.Fixed),
        new("eta_noise_seed_delta", 0.0, OptionEffect.Fixed),
        new("s_churn", 0.0, OptionEffect.Fixed),
        new("s_tmin", 0.0, OptionEffect.Fixed),
        new("s_tmax", 0.0, OptionEffect.Fixed),
        new("s_noise", 1.0, OptionEffect.Fixed),
        new("s_min_uncond", 0.0, OptionEffect.Fixed),
        new("always_discard_next_to_last_sigma", false, OptionEffect.Fixed),
        new("img2img_fix_steps", false, OptionEffect.Fixed),
        new("img2img_color_correction", false, OptionEffect.Fixed),
        new("initial_noise_multiplier", 1.0, OptionEffect.Fixed),
        new("img2img_extra_noise", 0.0, OptionEffect.Fixed),
        new("inpainting_mask_weight", 1.0, OptionEffect.Fixed),
        new("return_mask", false, OptionEffect.Fixed),
        new("return_mask_composite", false, OptionEffect.Fixed),
        new("token_merging_ratio_img2img", 0.0, OptionEffect.Fixed),
        new("token_merging_ratio_hr", 0.0, OptionEffect.Fixed),
        new("use_old_emphasis_implementation", false, OptionEffect.Fixed),
        new("use_old_karras_scheduler_sigmas", false, OptionEffect.Fixed),
    }.ToDictionary(row => row.Name, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IEnumerable<WebUiOption> All => Rows.Values;

    /// <summary>The option of a key; null where there is none.</summary>
    public static WebUiOption? Find(string name) => Rows.GetValueOrDefault(name);

    /// <summary>A default as JSON.</summary>
    public static JsonNode? NodeOf(WebUiOption option) => PayloadSchema.NodeOf(option.Default);

    /// <summary>The field that reads values of an option.</summary>
    public static PayloadField FieldOf(WebUiOption option) =>
        new(
            option.Name,
            option.Default switch
            {
                bool => PayloadType.Flag,
                double => PayloadType.Number,
                _ => PayloadType.Text,
            }
        );
}
