namespace ControlNetSharp.Training.Datasets;

/// <summary>What <see cref="DatasetCheck"/> found.</summary>
/// <param name="Folder">Full path of the dataset.</param>
/// <param name="Layout">How its files are arranged.</param>
/// <param name="Resolution">The resolution whose <see cref="AspectBuckets"/> the buckets are.</param>
/// <param name="Examples">Lines, usable or not.</param>
/// <param name="Sizes">Sizes of the readable pictures, the most frequent first.</param>
/// <param name="Buckets">
/// Where these pictures would be trained, from narrow to wide; empty buckets are left out.
/// </param>
/// <param name="Findings">What is to be known before training; what prevents it first.</param>
public sealed record DatasetReport(
    string Folder,
    DatasetLayout Layout,
    int Resolution,
    int Examples,
    IReadOnlyList<DatasetSize> Sizes,
    IReadOnlyList<DatasetBucket> Buckets,
    IReadOnlyList<DatasetFinding> Findings
)
{
    /// <summary>Whether nothing prevents training.</summary>
    public bool CanTrain => Findings.All(finding => !finding.PreventsTraining);
}

/// <summary>A size and how many pictures have it.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Count">Pictures.</param>
public sealed record DatasetSize(int Width, int Height, int Count);

/// <summary>A size of training and the pictures that come to it.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Count">Pictures.</param>
/// <param name="Cropped">The mean share of their area that is cut off, 0 to 1.</param>
/// <param name="Enlarged">How many of them are smaller and would be enlarged.</param>
public sealed record DatasetBucket(int Width, int Height, int Count, double Cropped, int Enlarged);

/// <summary>Something that several examples have in common.</summary>
/// <param name="Code">A word for it, such as <c>hint_polarity</c>.</param>
/// <param name="PreventsTraining">Whether training would stop at it.</param>
/// <param name="Count">How many examples have it.</param>
/// <param name="Meaning">What it is and what to do, one line.</param>
/// <param name="Files">The first few of them by paths relative to the folder, with what is particular to each.</param>
public sealed record DatasetFinding(
    string Code,
    bool PreventsTraining,
    int Count,
    string Meaning,
    IReadOnlyList<string> Files
);
