namespace ControlNetSharp.Annotators.Poses;

/// <summary>The persons in a picture.</summary>
public sealed record PoseKeypoints
{
    /// <summary>Persons on a canvas.</summary>
    /// <param name="width">Pixels a row of the picture, at least 1.</param>
    /// <param name="height">Rows of the picture, at least 1.</param>
    /// <param name="people">The persons; none where none was found.</param>
    public PoseKeypoints(int width, int height, IReadOnlyList<PosePerson> people)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(people);
        (Width, Height, People) = (width, height, people);
    }

    /// <summary>Pixels a row of the picture.</summary>
    public int Width { get; }

    /// <summary>Rows of the picture.</summary>
    public int Height { get; }

    /// <summary>The persons. Empty where none was found: the hint is black then, and a caller should say so.</summary>
    public IReadOnlyList<PosePerson> People { get; }

    /// <summary>The name of the annotator that found them; null where a file or a program gave them.</summary>
    public string? FoundBy { get; init; }
}
