using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Requests;

/// <summary>
/// A row of <see cref="UpscalerCatalogue"/>: how the first pass is enlarged for the second. It works on latents or on
/// pixels.
/// </summary>
/// <param name="Name">The short name.</param>
/// <param name="Label">The name in stable-diffusion-webui, which is understood as well.</param>
/// <param name="Latents">The interpolation of latents, half-pixel centres; null where pixels are enlarged.</param>
/// <param name="Pixels">The interpolation of pixels; null where latents are enlarged.</param>
public sealed record Upscaler(
    string Name,
    string Label,
    InterpolationMode? Latents = null,
    Interpolation? Pixels = null
);
