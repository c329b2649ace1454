using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Cli;

/// <summary>What a generation's pictures are brought to.</summary>
/// <param name="Size">The size of the (first) pass.</param>
/// <param name="Larger">The size of the second pass; null without one.</param>
/// <param name="Whole">The initial picture, where only a region of it is made anew; else null.</param>
/// <param name="Region">That region.</param>
internal sealed record GenerationFrame((int Width, int Height) Size, (int Width, int Height)? Larger, Picture? Whole, InpaintRegion Region)
{
    /// <summary>The frame of a request's parts.</summary>
    /// <exception cref="ArgumentException">The mask is black all over, or has another shape than the initial picture.</exception>
    public static GenerationFrame Of((int Width, int Height) size, HiresPass? hires, InitialPicture? initial) => initial is { Mask.OnlyMasked: true }
        ? new(size, hires?.SizeOf(size.Width, size.Height), initial.Picture, InpaintRegion.Of(initial, size.Width, size.Height))
        : new(size, hires?.SizeOf(size.Width, size.Height), null, default);

    /// <summary>The part of a unit's finished hint that the generation looks at.</summary>
    public Picture SeenHint(Picture hint, ResizeMode resize) =>
        Whole is null ? hint : Region.Cut(PictureResizing.FitHint(hint, Whole.Width, Whole.Height, resize), Whole, resize);

    /// <summary>The part of a unit's picture that the generation looks at.</summary>
    public Picture Seen(Picture picture, ResizeMode resize) => Whole is null ? picture : Region.Cut(picture, Whole, resize);
}
