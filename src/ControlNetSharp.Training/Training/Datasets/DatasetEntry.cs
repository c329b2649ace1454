namespace ControlNetSharp.Training.Datasets;

/// <summary>One line of a dataset: an example, or what is wrong with it.</summary>
/// <param name="Example">The example; null where the line cannot be used.</param>
/// <param name="Problem">What is wrong; null where the line can be used.</param>
internal readonly record struct DatasetEntry(TrainingExample? Example, DatasetException? Problem)
{
    public static implicit operator DatasetEntry(TrainingExample example) => new(example, null);

    public static implicit operator DatasetEntry(DatasetException problem) => new(null, problem);
}
