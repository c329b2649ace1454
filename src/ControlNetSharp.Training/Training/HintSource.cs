using ControlNetSharp.Annotators;

namespace ControlNetSharp.Training;

/// <summary>Where the hints of a training come from.</summary>
/// <param name="Condition">The condition kind, or a name of one's own.</param>
/// <param name="Annotator">Makes the hints from the pictures; null where the dataset brings them.</param>
/// <param name="Options">The annotator's options; null for its defaults.</param>
public sealed record HintSource(string Condition, AnnotatorInfo? Annotator = null, AnnotatorOptions? Options = null)
{
    /// <summary>
    /// The name by which the annotator is made: that of the kind where it is the kind's own, so that what answers in
    /// its place comes with it.
    /// </summary>
    internal string AnnotatorName =>
        Annotator is null ? throw new InvalidOperationException($"The dataset brings the hints of {Condition}.")
        : Condition == Annotator.Kind && AnnotatorCatalogue.Find(Condition) == Annotator ? Condition
        : Annotator.Name;

    /// <summary>The same as one line, which tells apart hints that differ.</summary>
    public string Description =>
        Annotator is null
            ? $"{Condition} from the dataset"
            : $"{Condition} by {Annotator.Name}"
                + string.Concat(
                    Annotator.Options.Select(option =>
                        $" {option.Name}={(Options ?? new AnnotatorOptions(Annotator))[option.Name]:r}"
                    )
                );
}
