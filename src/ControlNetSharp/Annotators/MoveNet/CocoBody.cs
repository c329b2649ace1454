using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>COCO's 17 points as the 18 of OpenPose, which has a neck, too.</summary>
internal static class CocoBody
{
    private const int LeftShoulder = 5,
        RightShoulder = 6,
        Neck = -1;

    /// <summary>The points of COCO in the order of <see cref="PosePerson.Body"/>.</summary>
    private static readonly int[] Order = [0, Neck, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3];

    /// <summary>A person as it is drawn.</summary>
    /// <param name="person">In pixels of the picture.</param>
    /// <param name="leastScore">Points up to this score are missing, and the neck where a shoulder is.</param>
    /// <param name="width">Pixels a row of the picture; points beyond its edges come to lie on them.</param>
    /// <param name="height">Rows of the picture.</param>
    public static PosePerson ToOpenPose(MoveNetPerson person, double leastScore, int width, int height)
    {
        return new([.. Order.Select(point => point == Neck ? Between() : Shown(person.Points[point]))]);

        PosePoint? Shown(MoveNetPoint point) =>
            point.Score > leastScore
                ? new(Math.Clamp(point.X, 0, width - 1), Math.Clamp(point.Y, 0, height - 1))
                : null;

        PosePoint? Between() =>
            Shown(person.Points[LeftShoulder]) is { } left && Shown(person.Points[RightShoulder]) is { } right
                ? new((left.X + right.X) / 2, (left.Y + right.Y) / 2)
                : null;
    }
}
