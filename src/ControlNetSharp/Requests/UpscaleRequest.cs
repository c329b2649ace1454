using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>A picture that is to be enlarged alone, without a diffusion model.</summary>
public sealed record UpscaleRequest
{
    /// <summary>Most pixels a side of the result.</summary>
    internal const int MostSide = 16384;

    /// <summary>Most of <see cref="Scale"/>.</summary>
    internal const double MostScale = 16;

    /// <summary>The picture. Transparency is enlarged, too.</summary>
    public required PictureSource Picture { get; init; }

    /// <summary>
    /// What enlarges it: name, path or hash of an upscaler's file (ESRGAN, Real-ESRGAN, compact), or a row of
    /// <see cref="UpscalerCatalogue"/> that works on pixels; default lanczos.
    /// </summary>
    public string Upscaler { get; init; } = UpscalerCatalogue.Lanczos;

    /// <summary>
    /// Sides of the result in those of the picture, 1 to 16; null (the default) for what the file was made for, and 2
    /// without a file. A network is run again until the result is as large, at most three times; the rest is
    /// interpolated.
    /// </summary>
    [Range(1.0, MostScale)]
    public double? Scale { get; init; }

    /// <summary>
    /// Side of the tiles that a network sees, in pixels of the picture, 32 to 2048; default 192. Larger ones are a
    /// little faster and need more memory.
    /// </summary>
    [Range(32, 2048)]
    public int Tile { get; init; } = 192;

    /// <summary>By how many pixels tiles overlap, 0 to 1024, at most half a tile; default 32.</summary>
    [Range(0, 1024)]
    public int Overlap { get; init; } = 32;

    /// <summary>Compares all values with their ranges; no file is opened.</summary>
    /// <exception cref="RequestException">A value is not allowed.</exception>
    internal void Check()
    {
        MemberRanges.Check(this, "");
        RequestRules.Require(
            2 * Overlap <= Tile,
            "overlap",
            Overlap,
            $"must be at most half of tile ({RequestRules.Text(Tile)})."
        );
        RequestRules.CheckPictureUpscaler("upscaler", Upscaler);
    }
}
