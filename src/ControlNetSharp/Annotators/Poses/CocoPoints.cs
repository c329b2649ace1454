namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// The points that networks of COCO find: 17 of a body (nose, left eye, right eye, ears, shoulders, elbows, wrists,
/// hips, knees, ankles, the person's own left one first), and in COCO-WholeBody then 6 of the feet, 68 of the face and
/// 21 of each hand, the left one first. Source: Jin et al. 2020, arXiv:2007.11858.
/// </summary>
internal static class CocoPoints
{
    /// <summary>Points of a body, and of a whole one.</summary>
    public const int Body = 17,
        WholeBody = 133;

    private const int Feet = 6,
        Face = 68;
    private const int LeftShoulder = 5,
        RightShoulder = 6,
        Neck = -1;

    /// <summary>The eyes among the points of <see cref="PosePerson.Body"/>, in the order that faces have.</summary>
    private static readonly int[] Eyes = [14, 15];

    /// <summary>The points of COCO in the order of <see cref="PosePerson.Body"/>.</summary>
    private static readonly int[] Order = [0, Neck, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3];

    /// <summary>
    /// A person as it is drawn. OpenPose has a neck, which COCO has not: it lies between the shoulders. A face of
    /// OpenPose has the pupils, too, in whose place the eyes of the body stand, as in A1111.
    /// </summary>
    /// <param name="points">
    /// At least <see cref="Body"/> points, null where one was not found. From <see cref="WholeBody"/> on hands and face
    /// are among them.
    /// </param>
    public static PosePerson ToOpenPose(IReadOnlyList<PosePoint?> points)
    {
        var body = new PosePerson([.. Order.Select(point => point == Neck ? Between() : points[point])]);
        if (points.Count < WholeBody)
        {
            return body;
        }

        const int face = Body + Feet;
        const int leftHand = face + Face;
        return body with
        {
            Face = Part(face, Face) is { } found ? [.. found, .. Eyes.Select(eye => body.Body[eye])] : null,
            LeftHand = Part(leftHand, PosePerson.HandPoints),
            RightHand = Part(leftHand + PosePerson.HandPoints, PosePerson.HandPoints),
        };

        PosePoint? Between() =>
            points[LeftShoulder] is { } left && points[RightShoulder] is { } right
                ? new((left.X + right.X) / 2, (left.Y + right.Y) / 2)
                : null;

        List<PosePoint?>? Part(int first, int count)
        {
            var part = points.Skip(first).Take(count).ToList();
            return part.Exists(point => point is not null) ? part : null;
        }
    }
}
