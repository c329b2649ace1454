namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// The key points of one person in the order of OpenPose's COCO model; null where a point was not found.
/// </summary>
public sealed record PosePerson
{
    /// <summary>
    /// Points of a body: nose, neck, right shoulder, elbow, wrist, left shoulder, elbow, wrist, right hip, knee, ankle,
    /// left hip, knee, ankle, right eye, left eye, right ear, left ear.
    /// </summary>
    public const int BodyPoints = 18;

    /// <summary>Points of a hand: the wrist, then four of each finger from the thumb on, towards the tip.</summary>
    public const int HandPoints = 21;

    /// <summary>The names of the points of a body, in their order.</summary>
    internal static readonly IReadOnlyList<string> JointNames =
    [
        "nose",
        "neck",
        "right shoulder",
        "right elbow",
        "right wrist",
        "left shoulder",
        "left elbow",
        "left wrist",
        "right hip",
        "right knee",
        "right ankle",
        "left hip",
        "left knee",
        "left ankle",
        "right eye",
        "left eye",
        "right ear",
        "left ear",
    ];

    /// <summary>A person from the points of the body.</summary>
    /// <param name="body"><see cref="BodyPoints"/> points.</param>
    /// <exception cref="ArgumentException">Another number of points.</exception>
    public PosePerson(IReadOnlyList<PosePoint?> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Body =
            body.Count == BodyPoints
                ? body
                : throw new ArgumentException($"A body has {BodyPoints} points, not {body.Count}.", nameof(body));
    }

    /// <summary><see cref="BodyPoints"/> points of the body.</summary>
    public IReadOnlyList<PosePoint?> Body { get; }

    /// <summary>
    /// <see cref="HandPoints"/> points of the left hand; null where it was not looked for or not found.
    /// </summary>
    public IReadOnlyList<PosePoint?>? LeftHand { get; init; }

    /// <summary>
    /// <see cref="HandPoints"/> points of the right hand; null where it was not looked for or not found.
    /// </summary>
    public IReadOnlyList<PosePoint?>? RightHand { get; init; }

    /// <summary>
    /// Points of the face, at most 71: OpenPose's 70 and what its network takes for the ground between them; null where
    /// there are none.
    /// </summary>
    public IReadOnlyList<PosePoint?>? Face { get; init; }
}
