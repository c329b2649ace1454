namespace ControlNetSharp.Training.Datasets;

/// <summary>What stands in a field of a line.</summary>
/// <param name="Text">The text; of anything else its form in the file.</param>
/// <param name="IsText">Whether it is a text, and not a number, null, a list …</param>
internal readonly record struct DatasetField(string Text, bool IsText = true);

/// <summary>One line of a list file.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
/// <param name="Fields">What it has, by the names of the fields.</param>
/// <param name="Problem">Why it cannot be read; there are no fields then.</param>
internal sealed record DatasetRow(
    int Line,
    IReadOnlyDictionary<string, DatasetField> Fields,
    DatasetException? Problem = null
)
{
    public static DatasetRow Damaged(DatasetException problem) =>
        new(problem.Line ?? 0, new Dictionary<string, DatasetField>(), problem);
}
