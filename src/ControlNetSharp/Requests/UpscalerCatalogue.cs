using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Requests;

/// <summary>The ways to enlarge a picture that need no file.</summary>
public static class UpscalerCatalogue
{
    /// <summary>The usual one.</summary>
    public const string Default = "latent";

    /// <summary>The usual one for pixels.</summary>
    internal const string Lanczos = "lanczos";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Upscaler> All { get; } =
    [
        new(Default, "Latent", Latents: InterpolationMode.Bilinear),
        new("latent-bicubic", "Latent (bicubic)", Latents: InterpolationMode.Bicubic),
        new("latent-nearest", "Latent (nearest)", Latents: InterpolationMode.Nearest),
        new(Lanczos, "Lanczos", Pixels: Interpolation.Lanczos4),
        new("bicubic", "Bicubic", Pixels: Interpolation.Cubic),
        new("nearest", "Nearest", Pixels: Interpolation.Nearest),
    ];

    /// <summary>Finds a row by name or label, in any case.</summary>
    /// <exception cref="ArgumentException">Unknown; the message lists the names.</exception>
    public static Upscaler Find(string name) =>
        LookFor(name) ?? throw UnknownNameException.Of("upscaler", name, All.Select(row => row.Name));

    /// <summary>The same; null where no row has the name, which then is that of a file.</summary>
    internal static Upscaler? LookFor(string name) =>
        All.FirstOrDefault(row =>
            row.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || row.Label.Equals(name, StringComparison.OrdinalIgnoreCase)
        );
}
