namespace ControlNetSharp.Models;

/// <summary>
/// What a file is asked for as. The folders of other programs say it by their names; a file elsewhere has any.
/// </summary>
[Flags]
public enum ModelRole
{
    /// <summary>No folder says it.</summary>
    None = 0,

    /// <summary>A whole model: a file, or a folder in diffusers' layout.</summary>
    Model = 1,

    /// <summary>A ControlNet, or another network that controls.</summary>
    ControlNet = 2,

    /// <summary>An Autoencoder that replaces the model's own.</summary>
    Autoencoder = 4,

    /// <summary>A LoRA, which prompts name.</summary>
    Lora = 8,

    /// <summary>A textual inversion, which prompts name.</summary>
    Embedding = 16,

    /// <summary>Weights of an annotator, or of the classifier that comes with the embedded model.</summary>
    Annotator = 32,

    /// <summary>A CLIP image encoder, which IP-Adapters need.</summary>
    ImageEncoder = 64,

    /// <summary>A network that enlarges pictures, such as ESRGAN.</summary>
    Upscaler = 128,
}
