using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Pictures;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Requests;

/// <summary>
/// A last pass that makes a picture much larger: it is enlarged, and detail is made anew at the new size, tile by tile,
/// so that memory is that of a tile. At each step what is said of the tiles is joined where they overlap, so that there
/// are no seams. What is enlarged is the result of the first pass, or the initial picture as it is. Source: Bar-Tal et
/// al. 2023, arXiv:2302.08113 (MultiDiffusion).
/// </summary>
public sealed record UpscalePass
{
    /// <summary>Most pixels a side of the result.</summary>
    internal const int MostSide = 8192;

    private const double MostWeight = 2;

    /// <summary>
    /// Sides of the result in those of the picture, 1 to 8; default 2. They are rounded down to multiples of 8; each is
    /// at most 8192.
    /// </summary>
    [Range(1.0, 8.0)]
    public double Scale { get; init; } = 2;

    /// <summary>
    /// Side of a tile in pixels of the result, 64 to 2048, a multiple of 8; null (the default) for the model's native
    /// size.
    /// </summary>
    [Range(64, 2048)]
    public int? Tile { get; init; }

    /// <summary>
    /// By how many pixels tiles overlap, 0 to 1024, a multiple of 8, at most half a tile; default 64.
    /// </summary>
    [Range(0, 1024)]
    public int Overlap { get; init; } = 64;

    /// <summary>
    /// How much of the enlarged picture is given up, 0 (nothing: it is only enlarged) to 1; default 0.4. Steps count as
    /// for <see cref="InitialPicture.Denoise"/>.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Denoise { get; init; } = 0.4;

    /// <summary>Steps, 1 to 1000; null (the default) for those of the first pass.</summary>
    [Range(1, SamplingPlan.MostSteps)]
    public int? Steps { get; init; }

    /// <summary>
    /// What enlarges the picture: a row of <see cref="UpscalerCatalogue"/> that works on pixels, or name, path or hash
    /// of an upscaler's file; default lanczos.
    /// </summary>
    public string Upscaler { get; init; } = UpscalerCatalogue.Lanczos;

    /// <summary>
    /// The condition kind of a ControlNet that holds each tile to what is there, such as <c>tile</c>: its hints are
    /// made of the enlarged picture. Null (the default) for none.
    /// </summary>
    public string? Control { get; init; }

    /// <summary>Name, path or hash of that ControlNet; null (the default) for the usual one of its kind.</summary>
    public string? ControlModel { get; init; }

    /// <summary>Factor on its residuals, 0 to 2; default 1.</summary>
    [Range(0, MostWeight)]
    public double ControlWeight { get; init; } = 1;

    /// <summary>The size of the result.</summary>
    /// <param name="first">The size of what is enlarged.</param>
    public PictureSize SizeOf(PictureSize first) => (Side(first.Width * Scale), Side(first.Height * Scale));

    /// <summary>
    /// The size at which an initial picture is enlarged where the request names none: its own, rounded down to
    /// multiples of 8.
    /// </summary>
    internal static PictureSize SizeOf(Picture initial) => (Side(initial.Width), Side(initial.Height));

    /// <summary>The sampling of the tiles; null where nothing is made anew.</summary>
    /// <param name="first">That of the first pass.</param>
    internal SamplingOptions? Sampling(SamplingOptions first) =>
        Denoise == 0 ? null : first with { Steps = Steps ?? first.Steps, Denoise = Denoise };

    private static int Side(double side) => (int)side / PictureSize.Step * PictureSize.Step;
}
