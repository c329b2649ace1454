using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>What the pictures of a request are brought to.</summary>
/// <param name="Size">The size of the (first) pass.</param>
/// <param name="Larger">The size of the second pass; null without one.</param>
/// <param name="Whole">The initial picture, where only a region of it is made anew; else null.</param>
/// <param name="Region">That region.</param>
internal sealed record GenerationFrame(PictureSize Size, PictureSize? Larger, Picture? Whole, InpaintRegion Region)
{
    /// <summary>The frame of a request whose size is settled.</summary>
    /// <exception cref="RequestException">
    /// The mask is black all over, or has another shape than the initial picture.
    /// </exception>
    public static GenerationFrame Of(GenerationRequest request)
    {
        var size = request.Size!.Value;
        var larger = request.Hires?.SizeOf(size);
        return request.Initial is { Mask.OnlyMasked: true } initial
            ? new(size, larger, initial.Picture.Read(), InpaintRegion.Of(initial, size.Width, size.Height))
            : new(size, larger, null, default);
    }

    /// <summary>
    /// The initial picture and its mask at the size of the result, which changes nothing about it; as they are where
    /// only a region is made anew.
    /// </summary>
    public InitialPicture? Fitted(InitialPicture? initial)
    {
        if (initial is null || Whole is not null)
        {
            return initial;
        }

        Picture Sized(Picture picture) => PictureResizing.Fit(picture, Size.Width, Size.Height, initial.Resize);
        var picture = initial.Picture.Read();
        return initial with
        {
            Picture = initial.Picture.WithPixels(Sized(picture)),
            // The mask is cut where the picture is.
            Mask = initial.Mask is not { } mask
                ? null
                : mask with
                {
                    Picture = mask.Picture.WithPixels(
                        Sized(
                            PictureResizing.Fit(mask.Picture.ReadMask(), picture.Width, picture.Height, ResizeMode.Just)
                        )
                    ),
                },
        };
    }

    /// <summary>The part of a unit's finished hint that the generation looks at.</summary>
    public Picture SeenHint(Picture hint, ResizeMode resize) =>
        Whole is null
            ? hint
            : Region.Cut(PictureResizing.FitHint(hint, Whole.Width, Whole.Height, resize), Whole, resize);

    /// <summary>The part of a unit's picture that the generation looks at.</summary>
    public Picture Seen(Picture picture, ResizeMode resize) =>
        Whole is null ? picture : Region.Cut(picture, Whole, resize);
}
