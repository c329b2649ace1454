using System.Runtime.InteropServices;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The part of a picture that an inpainting of only the masked part looks at, in pixels of that picture.
/// </summary>
/// <param name="X">First column.</param>
/// <param name="Y">First row.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct InpaintRegion(int X, int Y, int Width, int Height)
{
    /// <summary>
    /// The smallest region around a mask with its blur and padding in the shape of the result, as far as the picture
    /// reaches. Source: stable-diffusion-webui, modules/masking.py (behaviour).
    /// </summary>
    /// <param name="initial">A picture with a mask.</param>
    /// <param name="width">Pixels a row of the result.</param>
    /// <param name="height">Rows of the result.</param>
    /// <exception cref="ArgumentException">
    /// The mask is missing, has no white pixel, or has another shape than the picture.
    /// </exception>
    public static InpaintRegion Of(InitialPicture initial, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(initial);
        var (picture, padding) = (initial.Picture.Read(), initial.Mask!.Padding);
        var mask = SoftMask.Of(initial, picture.Width, picture.Height);
        var (left, top, right, bottom) = mask.Bounds();
        (left, top) = (Math.Max(0, left - padding), Math.Max(0, top - padding));
        (right, bottom) = (Math.Min(mask.Width, right + padding), Math.Min(mask.Height, bottom + padding));
        var (wide, high) = (right - left, bottom - top);
        var (x, across) = Grown(left, wide, Math.Max(wide, (int)Math.Round((double)high * width / height)), mask.Width);
        var (y, down) = Grown(top, high, Math.Max(high, (int)Math.Round((double)wide * height / width)), mask.Height);
        return new(x, y, across, down);
    }

    /// <summary>What a picture of the whole shows in this region.</summary>
    /// <param name="picture">A picture of the same scene: the initial picture, a hint, a mask. Borrowed.</param>
    /// <param name="whole">The picture that the region belongs to. Borrowed.</param>
    /// <param name="resize">How a picture of another size is first brought to that of the whole.</param>
    /// <returns>Width x Height pixels, of its own.</returns>
    public Picture Cut(Picture picture, Picture whole, ResizeMode resize)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(whole);
        var sized =
            (picture.Width, picture.Height) == (whole.Width, whole.Height)
                ? picture
                : PictureResizing.Fit(picture, whole.Width, whole.Height, resize);
        var rgb = GC.AllocateUninitializedArray<byte>(3 * Width * Height);
        for (var row = 0; row < Height; row++)
        {
            sized.Rgb.Slice(3 * ((Y + row) * sized.Width + X), 3 * Width).CopyTo(rgb.AsSpan(3 * row * Width));
        }

        return Picture.Owning(Width, Height, rgb);
    }

    /// <summary>A longer stretch around the same middle, moved so that it stays within the limit.</summary>
    private static (int Start, int Length) Grown(int start, int length, int wanted, int limit)
    {
        var grown = Math.Min(wanted, limit);
        return (Math.Clamp(start - (grown - length) / 2, 0, limit - grown), grown);
    }
}
