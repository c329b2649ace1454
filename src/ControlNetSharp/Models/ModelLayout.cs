namespace ControlNetSharp.Models;

/// <summary>
/// Which folders of other programs hold what.
/// Source: A1111 modules/paths.py, sd-webui-controlnet and Forge (global_state), ComfyUI folder_paths.py,
/// comfyui_controlnet_aux, ComfyUI_IPAdapter_plus, h94/IP-Adapter (names of folders).
/// </summary>
internal static class ModelLayout
{
    /// <summary>The folder below the root of A1111, Forge or ComfyUI in which most others lie.</summary>
    public const string Models = "models";

    /// <summary>Files without this stem are known by their own names; those with it by their folder's.</summary>
    public const string DiffusersStem = "diffusion_pytorch_model";

    private static readonly Dictionary<string, ModelRole> Roles = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Stable-diffusion"] = ModelRole.Model,
        ["checkpoints"] = ModelRole.Model,
        ["diffusers"] = ModelRole.Model | ModelRole.ControlNet,
        ["diffusion_models"] = ModelRole.Model,
        ["unet"] = ModelRole.Model,
        ["ControlNet"] = ModelRole.ControlNet,
        ["t2i_adapter"] = ModelRole.ControlNet,
        ["ipadapter"] = ModelRole.ControlNet,
        ["sdxl_models"] = ModelRole.ControlNet,
        ["clip_vision"] = ModelRole.ImageEncoder,
        ["image_encoder"] = ModelRole.ImageEncoder,
        ["VAE"] = ModelRole.Autoencoder,
        ["VAE-approx"] = ModelRole.Autoencoder,
        ["vae_approx"] = ModelRole.Autoencoder,
        ["Lora"] = ModelRole.Lora,
        ["loras"] = ModelRole.Lora,
        ["LyCORIS"] = ModelRole.Lora,
        ["embeddings"] = ModelRole.Embedding,
        ["ESRGAN"] = ModelRole.Upscaler,
        ["RealESRGAN"] = ModelRole.Upscaler,
        ["BSRGAN"] = ModelRole.Upscaler,
        ["upscale_models"] = ModelRole.Upscaler,
        ["ControlNetPreprocessor"] = ModelRole.Annotator,
        ["annotators"] = ModelRole.Annotator,
    };

    /// <summary>Folders below a program's root whose own names do not say what is in them.</summary>
    public static IReadOnlyList<(string Folder, ModelRole Role)> Elsewhere { get; } =
    [
        ("extensions/sd-webui-controlnet/models", ModelRole.ControlNet),
        ("extensions/sd-webui-controlnet/annotator/downloads", ModelRole.Annotator),
        ("custom_nodes/comfyui_controlnet_aux/ckpts", ModelRole.Annotator),
    ];

    /// <summary>Endings of files with weights; of two files that differ in nothing else the first counts.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".safetensors", ".ckpt", ".pth", ".pt", ".bin"];

    /// <summary>What a folder of this name holds.</summary>
    public static ModelRole RoleOf(string folder) => Roles.GetValueOrDefault(folder);

    /// <summary>Whether a file can hold weights, by its name.</summary>
    public static bool IsWeights(string file) =>
        Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    /// <summary>A name without the ending of a file with weights; other dots stay, as in <c>v1.5</c>.</summary>
    public static string WithoutExtension(string name) =>
        IsWeights(name) ? name[..^Path.GetExtension(name).Length] : name;
}
