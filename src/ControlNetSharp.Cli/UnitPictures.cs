using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Cli;

/// <summary>The pictures of one control unit.</summary>
/// <param name="Picture">What the user gave, or in a replay the hint of the first pass.</param>
/// <param name="HiresHint">In a replay the hint of the second pass; null where it is made of the picture.</param>
/// <param name="Mask">Where the unit acts; null for everywhere.</param>
/// <param name="Holes">Where the hint of an inpainting ControlNet is made anew; null for nowhere.</param>
/// <param name="IsReady">Whether these are the pictures that the network sees.</param>
internal sealed record UnitPictures(Picture Picture, Picture? HiresHint, Picture? Mask, Picture? Holes, bool IsReady)
{
    private const string Option = "--control";

    /// <summary>Whether no annotator is asked: the picture already is the hint, or the file held what one would have to guess.</summary>
    public bool IsHint { get; init; }

    /// <summary>How a file was read that can be read in several ways, for people; null where nothing is to be said.</summary>
    public string? Reading { get; init; }

    /// <summary>Reads the files of a unit.</summary>
    /// <exception cref="UsageException">A file is missing or the hint too small.</exception>
    /// <exception cref="PictureException">A file is no picture.</exception>
    public static UnitPictures Read(UnitSpecification unit, Picture? mask)
    {
        var measured = MeasuredHints.Of(unit);
        var picture = measured?.Hint ?? PictureFiles.Read(Option, $"{unit.Kind.Name}={unit.Picture}", unit.Picture);
        if (picture.Width < ControlUnit.SmallestHint || picture.Height < ControlUnit.SmallestHint)
        {
            throw UsageException.Of(Option, $"{unit.Kind.Name}={unit.Picture}", $"a hint must be at least {ControlUnit.SmallestHint} x {ControlUnit.SmallestHint} pixels; this one has {picture.Width} x {picture.Height}.");
        }

        picture = unit.SwapsChannels ? PictureChannels.Swapped(picture) : picture;
        var read = unit.IsHint && unit.Kind.Name == "segmentation" ? MeasuredHints.Segmentation(unit.Picture, picture) : new MeasuredHint(picture, measured?.Reading);
        return new UnitPictures(
            read.Hint,
            null,
            unit.Mask is { } region ? PictureFiles.ReadMask(Option, $"mask={region}", region) : null,
            unit.Holes is { } holes ? PictureFiles.ReadMask(Option, $"inpaint={holes}", holes) : unit.IsForInpainting ? mask ?? throw UsageException.Of(
                Option, $"model={unit.Model}", "an inpainting ControlNet needs to know what is made anew: give inpaint=MASK in the unit, or --init and --mask.") : null,
            IsReady: false)
        {
            IsHint = unit.IsHint || measured is not null,
            Reading = read.Reading,
        };
    }

    /// <summary>What is to be said of masks that are neither in the shape of the unit's picture nor in that of the result: they are cut at other places.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="size">The size of the result, or of the picture that it is a region of.</param>
    public IEnumerable<string> WarningsOfMasks(UnitSpecification unit, (int Width, int Height) size)
    {
        (string Name, string? Path, Picture? Picture)[] masks = [("mask", unit.Mask, Mask), ("inpaint", unit.Holes, Holes)];
        return masks.Where(mask => mask.Path is not null && IsOfAnotherShape(mask.Picture)).Select(mask =>
            $"{mask.Name}={mask.Path}: it has {mask.Picture!.Width} x {mask.Picture.Height} pixels, another shape than the unit's picture ({Picture.Width} x {Picture.Height}) "
            + $"and the result ({size.Width} x {size.Height}); resize={unit.Resize.Word()} brings it to size for itself, so that it may lie elsewhere than it was painted.");

        bool IsOfAnotherShape(Picture? mask) => !IsReady && mask is not null && unit.Resize != ResizeMode.Just
            && !PictureShape.IsSame((mask.Width, mask.Height), (Picture.Width, Picture.Height)) && !PictureShape.IsSame((mask.Width, mask.Height), size);
    }

    /// <summary>The same at the sizes of the passes, with hints in the place of what they are made of.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="frame">Sizes and region of the generation.</param>
    /// <param name="files">Weights of annotators.</param>
    /// <param name="map">The hint of the first pass before it was brought to the size of the result.</param>
    public UnitPictures Prepared(UnitSpecification unit, GenerationFrame frame, AnnotatorFiles files, out Picture map)
    {
        if (IsReady)
        {
            map = Picture;
            return this;
        }

        var seen = IsHint ? frame.SeenHint(Picture, unit.Resize) : frame.Seen(Picture, unit.Resize);
        var hint = map = Hint(unit, seen, frame.Size, files);
        Picture? larger = null;
        if (frame.Larger is { } size && unit.Passes != ControlPasses.Low)
        {
            // Lines of the larger size are found anew, unless the user said at which size they are looked for.
            larger = PictureResizing.FitHint(IsHint || unit.Resolution is not null ? hint : Hint(unit, seen, size, files), size.Width, size.Height, unit.Resize);
        }

        Picture? Fitted(Picture? mask) => mask is null ? null : PictureResizing.Fit(frame.Seen(mask, unit.Resize), frame.Size.Width, frame.Size.Height, unit.Resize);
        return new UnitPictures(PictureResizing.FitHint(hint, frame.Size.Width, frame.Size.Height, unit.Resize), larger, Fitted(Mask), Fitted(Holes), IsReady: true);
    }

    /// <summary>The picture, or what its annotator sees in it: at the scale of the result, so that lines are as thick as those the ControlNet knows.</summary>
    private Picture Hint(UnitSpecification unit, Picture picture, (int Width, int Height) size, AnnotatorFiles files)
    {
        if (IsHint)
        {
            return picture;
        }

        picture = unit.Resolution is { } resolution ? PictureResizing.ToResolution(picture, resolution) : PictureResizing.ScaleFor(picture, size.Width, size.Height, unit.Resize);
        using var annotator = AnnotatorCatalogue.Create(unit.Annotator!.Name, files);
        return annotator.Annotate(picture, AnnotatorOptions.Parse(annotator.Info, unit.AnnotatorValues));
    }
}
