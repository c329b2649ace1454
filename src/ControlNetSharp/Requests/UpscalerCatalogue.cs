using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Requests;

/// <summary>The ways to enlarge a picture between two passes.</summary>
public static class UpscalerCatalogue
{
    /// <summary>The usual one.</summary>
    public const string Default = "latent";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Upscaler> All { get; } =
    [
        new(Default, "Latent", Latents: InterpolationMode.Bilinear),
        new("latent-bicubic", "Latent (bicubic)", Latents: InterpolationMode.Bicubic),
        new("latent-nearest", "Latent (nearest)", Latents: InterpolationMode.Nearest),
        new("lanczos", "Lanczos", Pixels: Interpolation.Lanczos4),
        new("bicubic", "Bicubic", Pixels: Interpolation.Cubic),
        new("nearest", "Nearest", Pixels: Interpolation.Nearest),
    ];

    /// <summary>Finds a row by name or label, in any case.</summary>
    /// <exception cref="ArgumentException">Unknown; the message lists the names.</exception>
    public static Upscaler Find(string name) =>
        All.FirstOrDefault(row =>
            row.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || row.Label.Equals(name, StringComparison.OrdinalIgnoreCase)
        ) ?? throw UnknownNameException.Of("upscaler", name, All.Select(row => row.Name));
}
