namespace ControlNetSharp.Training.Datasets;

/// <summary>One example of a dataset, not yet read from the disk.</summary>
/// <param name="Picture">Full path of the picture that is to be made (the tutorial's target).</param>
/// <param name="Hint">
/// Full path of the hint (the tutorial's source); null where an annotator makes it from the picture.
/// </param>
/// <param name="Caption">
/// The prompt, without white space at its ends; empty where the dataset has none for this picture.
/// </param>
public sealed record TrainingExample(string Picture, string? Hint, string Caption)
{
    /// <summary>
    /// What the hint shows, such as <c>canny</c>, where the dataset says so, as those with hints of several kinds do;
    /// null elsewhere.
    /// </summary>
    public string? Condition { get; init; }
}
