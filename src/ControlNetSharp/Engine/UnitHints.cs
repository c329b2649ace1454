using ControlNetSharp.Annotators;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>
/// The pictures of a unit at the sizes of the passes, with hints in the place of what they are made of.
/// </summary>
/// <param name="Annotator">Name of what made the hint, or none.</param>
/// <param name="Map">The hint of the first pass before it was brought to the size of the result.</param>
/// <param name="Hint">The hint of the first pass.</param>
/// <param name="HiresHint">That of the second; null without one.</param>
/// <param name="Mask">Where the unit acts; null for everywhere.</param>
/// <param name="Holes">Where the hint is made anew; null for nowhere.</param>
internal sealed record UnitHints(
    string Annotator,
    Picture Map,
    Picture Hint,
    Picture? HiresHint,
    Picture? Mask,
    Picture? Holes
)
{
    /// <summary>Makes them.</summary>
    public static UnitHints Make(
        UnitInput input,
        GenerationFrame frame,
        HintMaker maker,
        CancellationToken cancellationToken
    )
    {
        var (unit, source) = (input.Unit, input.Source);
        var seen = source with
        {
            Picture = source.IsHint
                ? frame.SeenHint(source.Picture, unit.Resize)
                : frame.Seen(source.Picture, unit.Resize),
        };
        var map = Made(frame.Size);
        Picture? larger = null;
        if (frame.Larger is { } size && unit.Passes != ControlPasses.Low)
        {
            // Lines of the larger size are found anew, unless the user said at which size they are looked for.
            larger = PictureResizing.FitHint(
                (source.IsHint || unit.Resolution is not null ? map : Made(size)).Picture,
                size.Width,
                size.Height,
                unit.Resize
            );
        }

        var hint = PictureResizing.FitHint(map.Picture, frame.Size.Width, frame.Size.Height, unit.Resize);
        return new UnitHints(
            map.Annotator ?? ControlUnit.NoAnnotator,
            map.Picture,
            hint,
            larger,
            Fitted(input.Mask, unit, frame),
            Fitted(input.Holes, unit, frame)
        );

        // At the scale of the result, so that lines are as thick as those the ControlNet knows.
        MadeHint Made(PictureSize size) =>
            maker.Make(seen, unit.Options, unit.Resolution, (size.Width, size.Height, unit.Resize), cancellationToken);
    }

    private static Picture? Fitted(Picture? mask, ControlUnit unit, GenerationFrame frame) =>
        mask is null
            ? null
            : PictureResizing.Fit(frame.Seen(mask, unit.Resize), frame.Size.Width, frame.Size.Height, unit.Resize);

    /// <summary>
    /// The pictures of an IP-Adapter as its image encoder sees them, side by side: they have nothing to do with the
    /// size of the result.
    /// </summary>
    /// <param name="input">The unit's pictures.</param>
    /// <param name="frame">What its mask is brought to.</param>
    /// <param name="side">Pixels of a side.</param>
    public static UnitHints OfPictures(UnitInput input, GenerationFrame frame, int side)
    {
        var squares = input
            .More.Prepend(input.Source.Picture)
            .Select(picture => ImageEncoderInput.Seen(picture, side))
            .ToList();
        var sheet = PictureSheet.Of(squares, squares.Count, gap: 0);
        return new UnitHints(
            ControlUnit.NoAnnotator,
            sheet,
            sheet,
            HiresHint: null,
            Fitted(input.Mask, input.Unit, frame),
            Holes: null
        );
    }

    /// <summary>The unit with its network.</summary>
    public PreparedControl Prepared(ControlUnit unit, ControlNetwork network, bool pools) =>
        new()
        {
            ControlNet = network,
            Kind = unit.ConditionKind.Name,
            Hint = Hint,
            HiresHint = HiresHint,
            Region = Mask,
            Holes = Holes,
            GlobalAveragePooling = pools,
            Passes = unit.Passes,
            ColourFix = ColourFix.Of(Annotator, unit.Options),
            Strength = ControlStrength.Of(unit),
            Resize = unit.Resize,
        };
}
