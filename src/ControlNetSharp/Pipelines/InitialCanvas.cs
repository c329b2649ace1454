using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// An initial picture at the size at which it is worked on, and the way back: where it goes into latents and where the
/// result is put over what stays.
/// </summary>
internal sealed class InitialCanvas
{
    private readonly InitialPicture _initial;
    private readonly InpaintRegion? _region;
    private readonly SoftMask? _mask;

    /// <summary>Cuts and scales.</summary>
    /// <exception cref="ArgumentException">
    /// The mask is black all over, or has another shape than the picture.
    /// </exception>
    public InitialCanvas(InitialPicture initial, int width, int height)
    {
        _initial = initial;
        if (initial.Mask is not { OnlyMasked: true } mask)
        {
            Whole = PictureResizing.Fit(initial.Picture.Read(), width, height, initial.Resize);
            _mask = initial.Mask is null ? null : SoftMask.Of(initial, width, height);
            Seen = Whole;
            LatentMask = _mask;
        }
        else
        {
            Whole = initial.Picture.Read();
            _mask = SoftMask.Of(initial, Whole.Width, Whole.Height);
            var region = InpaintRegion.Of(initial, width, height);
            _region = region;
            Seen = PictureResizing.Fit(region.Cut(Whole, Whole, ResizeMode.Just), width, height, ResizeMode.Just);
            var levels = region.Cut(
                Greyscale.ToPicture(_mask.Levels, Whole.Width, Whole.Height),
                Whole,
                ResizeMode.Just
            );
            LatentMask = new(width, height, Greyscale.Of(PictureResizing.Fit(levels, width, height, ResizeMode.Just)));
        }

        if (initial.Mask?.Content == MaskedContent.Fill)
        {
            Seen = ColourFlow.Into(Seen, LatentMask!.Levels);
        }
    }

    /// <summary>What is encoded: the picture or the region of it, at the size of the latents.</summary>
    public Picture Seen { get; }

    /// <summary>The mask over <see cref="Seen"/>; null where everything is made anew.</summary>
    public SoftMask? LatentMask { get; }

    private Picture Whole { get; }

    /// <summary>The latents to start from: those of the picture with the mask's content under it.</summary>
    /// <param name="clean">[B, 4, h, w]: the picture's. Borrowed.</param>
    /// <param name="noise">[B, 4, h, w]: the seed's. Borrowed.</param>
    /// <param name="mask">[1, 1, h, w], or null. Borrowed.</param>
    /// <returns>Fresh.</returns>
    public Tensor Start(Tensor clean, Tensor noise, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        return (
            _initial.Mask?.Content switch
            {
                MaskedContent.Noise => ((mask!).SubtractedFrom(1) * clean).Plus(mask! * noise),
                MaskedContent.Nothing => (mask!).SubtractedFrom(1) * clean,
                _ => clean.alias(),
            }
        ).MoveToOuterDisposeScope();
    }

    /// <summary>The finished picture: what was made where the mask is, the old pixels elsewhere.</summary>
    public Picture Finish(Picture made) =>
        _mask is null ? made
        : _region is not { } region ? _mask.Doubled().Over(Whole, made)
        : _mask.Over(
            Whole,
            PictureResizing.Fit(made, region.Width, region.Height, ResizeMode.Just),
            region.X,
            region.Y
        );
}
