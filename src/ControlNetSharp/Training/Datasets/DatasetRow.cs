namespace ControlNetSharp.Training.Datasets;

/// <summary>One line of a list file as texts by field.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
/// <param name="Fields">Its texts by field name; a null is a value that is not there (JSON null).</param>
/// <param name="Problem">Why it cannot be read; the fields are empty then.</param>
internal sealed record DatasetRow(int Line, IReadOnlyDictionary<string, string?> Fields, DatasetException? Problem = null)
{
    public static DatasetRow Damaged(int line, DatasetException problem) => new(line, new Dictionary<string, string?>(), problem);
}
