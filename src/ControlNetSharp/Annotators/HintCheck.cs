using System.Globalization;
using ControlNetSharp.Annotators.RtmPose;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Looks whether a finished hint can be one of its kind. The usual mistakes are polarity, channel order, another
/// palette, and a photograph where a map should be.
/// </summary>
internal static class HintCheck
{
    private const string Photograph =
        "it looks like a photograph; without annotator=none the annotator makes the hint from it.";

    /// <summary>A ControlNet for lines sees mostly dark ground.</summary>
    private const double LeastDark = 0.5;

    /// <summary>
    /// The share of pixels from which on something cannot be a JPEG's or an anti-aliased edge's doing.
    /// </summary>
    private const double MuchColour = 0.05;
    private static readonly string[] Lines = ["canny", "hough", "hed", "scribble", "lineart"];

    /// <summary>Whether hints of a kind are light lines on dark ground.</summary>
    public static bool IsOfLines(ConditionKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        return Lines.Contains(kind.Name);
    }

    /// <summary>What is wrong with a hint, as far as its pixels tell.</summary>
    /// <param name="kind">What it is given as.</param>
    /// <param name="hint">The hint. Borrowed.</param>
    /// <returns>One sentence that says what was seen and what mends it; null where nothing was.</returns>
    public static string? Warning(ConditionKind kind, Picture hint)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(hint);
        var look = HintLook.Of(hint);
        return look.IsBlank && !kind.IsPicture ? "it has one colour only, so there is nothing to follow."
            : IsOfLines(kind) ? OfLines(look)
            : kind.Name switch
            {
                "pose" when look.Dark < LeastDark => $"a skeleton is drawn in colours on black; {Photograph}",
                "depth" when look.Coloured > MuchColour => $"depth is grey, near bright and far dark; {Photograph}",
                "normal" => OfNormals(look),
                "segmentation" => OfAreas(hint),
                _ => null,
            };
    }

    /// <summary>What should be known of a hint that was made of something else, as far as pixels tell.</summary>
    /// <param name="annotator">What made it.</param>
    /// <param name="source">The picture that it was made of; null where that was none, such as key points.
    /// Borrowed.</param>
    /// <param name="hint">The hint. Borrowed.</param>
    /// <returns>Sentences, none where nothing is wrong.</returns>
    public static IEnumerable<string> WarningsOfMade(AnnotatorInfo annotator, Picture? source, Picture hint)
    {
        ArgumentNullException.ThrowIfNull(annotator);
        ArgumentNullException.ThrowIfNull(hint);
        var kind = ConditionKind.Find(annotator.Kind);
        if (source is not null && !annotator.IsForDrawings && FinishedHint.IsOf(kind, source))
        {
            yield return $"it looks like a finished hint ({kind.Meaning}); in a unit annotator=none takes it as it is.";
        }

        if (HintLook.HasOneColour(hint))
        {
            yield return annotator == AnimalPoseAnnotator.Description ? "no animal was found; the hint is black."
            : kind.Name == "pose" ? "no person was found; the hint is black."
            : IsOfLines(kind) && HintLook.Of(hint).Dark == 1 ? "no lines were found; the hint is black."
            : "the hint has one colour only, so there is nothing to follow.";
        }
    }

    private static string? OfLines(HintLook look) =>
        look.IsDarkOnLight
            ? "it has dark lines on light ground, where ControlNets want light lines on dark; annotator=invert turns "
                + "it round."
        : look.Dark < LeastDark && !look.IsLightOnDark ? $"light lines on dark ground are wanted; {Photograph}"
        : null;

    private static string? OfNormals(HintLook look) =>
        !look.IsNormalMap ? $"its colours are not directions of surfaces; {Photograph}"
        : look.MeanRed > look.MeanBlue
            ? "red, not blue, is the axis to the viewer, as in files of BGR and in hints for the first normal "
                + "ControlNet; channels=bgr exchanges them."
        : null;

    private static string? OfAreas(Picture hint)
    {
        return Ade20kPalette.Recovered(hint) is not null
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Ade20kPalette.Snap(hint).OffPalette:p0} of its pixels have no colour of ADE20K's palette, so it is "
                    + $"drawn in another one, or is a photograph; with colours of ADE20K it would be followed."
            );
    }
}
