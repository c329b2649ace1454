namespace ControlNetSharp.Requests;

/// <summary>
/// What lies under a mask when repainting begins. Source: stable-diffusion-webui, inpainting_fill 0 to 3 (behaviour).
/// </summary>
public enum MaskedContent
{
    /// <summary>Colours that flow in from what surrounds the mask.</summary>
    Fill,

    /// <summary>The picture itself.</summary>
    Original,

    /// <summary>Noise in the latents: that of the seed, which the start is mixed with as well.</summary>
    Noise,

    /// <summary>Latents of zero.</summary>
    Nothing,
}
