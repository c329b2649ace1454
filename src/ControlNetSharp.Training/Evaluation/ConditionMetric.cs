using ControlNetSharp.Runtime;

namespace ControlNetSharp.Evaluation;

/// <summary>How a condition kind is scored. Adding a kind is one row here.</summary>
public sealed record ConditionMetric
{
    /// <summary>The name of the score of edges, lines and strokes.</summary>
    internal const string EdgeF1 = "edge F1";

    private ConditionMetric(
        string kind,
        string name,
        bool higherIsBetter,
        Func<ConditionTally> newTally,
        bool isOfPeople = false,
        string? annotator = null,
        string? hintAnnotator = null
    ) =>
        (Kind, Annotator, HintAnnotator, Name, HigherIsBetter, NewTally, IsOfPeople) = (
            kind,
            annotator ?? kind,
            hintAnnotator ?? kind,
            name,
            higherIsBetter,
            newTally,
            isOfPeople
        );

    /// <summary>All kinds that are scored, in the order in which they are listed to people.</summary>
    public static IReadOnlyList<ConditionMetric> All { get; } =
    [
        OfLines("canny"),
        // Canny's fixed thresholds lose a third of the lines of a real picture in the Autoencoder alone.
        OfLines("hough", annotator: "hough_pocket"),
        OfLines("hed"),
        // Strokes of the default annotator lie along dark lines, of which soft pictures have none.
        OfLines("scribble", annotator: "lineart_pocket"),
        // The people of the embedded world are drawn ones, which the kind's default for photographs need not see.
        new(
            "pose",
            "PCK@0.1",
            higherIsBetter: true,
            () => new PoseTally(),
            isOfPeople: true,
            annotator: "openpose_pocket",
            hintAnnotator: "openpose_pocket"
        ),
        new("segmentation", "mIoU", higherIsBetter: true, () => new AreaTally()),
        new("normal", "mean angle in degrees", higherIsBetter: false, () => new MeanTally(MeanTally.Angle)),
        new("depth", "absolute relative error", higherIsBetter: false, () => new MeanTally(MeanTally.Disparity)),
        OfLines("lineart"),
    ];

    /// <summary>The condition kind.</summary>
    public string Kind { get; }

    /// <summary>
    /// The name of the annotator that looks for the condition in pictures, for
    /// <see cref="Annotators.AnnotatorCatalogue.Create(string, Annotators.AnnotatorFiles?, string)"/>; that of the kind
    /// means its default.
    /// </summary>
    public string Annotator { get; }

    /// <summary>
    /// The name of the annotator that makes the hints of pictures whose condition is not known, in the same way.
    /// </summary>
    internal string HintAnnotator { get; }

    /// <summary>What the score is.</summary>
    public string Name { get; }

    /// <summary>Whether a higher score is a better one.</summary>
    public bool HigherIsBetter { get; }

    /// <summary>Whether it is measured on scenes of people only.</summary>
    public bool IsOfPeople { get; }

    internal Func<ConditionTally> NewTally { get; }

    /// <summary>The row of a kind.</summary>
    /// <param name="kind">A name of <see cref="Annotators.ConditionKind.All"/>.</param>
    /// <exception cref="UnknownNameException">
    /// There is no score for this kind: the message lists those that have one.
    /// </exception>
    public static ConditionMetric Of(string kind) =>
        All.FirstOrDefault(metric => metric.Kind == kind)
        ?? throw new UnknownNameException(
            kind,
            $"there is no score for this kind; must be {string.Join(", ", All.Select(metric => metric.Kind))}."
        );

    private static ConditionMetric OfLines(string kind, string? annotator = null) =>
        new(kind, EdgeF1, higherIsBetter: true, () => new MeanTally(MeanTally.Lines), annotator: annotator);
}
