namespace ControlNetSharp.Annotators.Poses;

/// <summary>The persons, or the animals, in a picture.</summary>
public sealed record PoseKeypoints
{
    /// <summary>
    /// Points of an animal: eyes (left, right), nose, neck, root of the tail, left shoulder, elbow, front paw, right
    /// shoulder, elbow, front paw, left hip, knee, back paw, right hip, knee, back paw. Source: Yu et al. 2021, AP-10K,
    /// arXiv:2108.12617.
    /// </summary>
    public const int AnimalPoints = 17;

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

    /// <summary>
    /// The persons. Where there is nobody, animals neither, the hint is black, and a caller should say so.
    /// </summary>
    public IReadOnlyList<PosePerson> People { get; }

    /// <summary>
    /// The animals: <see cref="AnimalPoints"/> points each in the order of AP-10K, null where one was not found.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<PosePoint?>> Animals { get; init; } = [];

    /// <summary>The name of the annotator that found them; null where a file or a program gave them.</summary>
    public string? FoundBy { get; init; }
}
