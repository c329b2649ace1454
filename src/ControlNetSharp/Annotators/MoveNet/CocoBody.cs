using ControlNetSharp.Annotators.Poses;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>A person of MoveNet as OpenPose has it.</summary>
internal static class CocoBody
{
    /// <summary>A person as it is drawn.</summary>
    /// <param name="person">In pixels of the picture.</param>
    /// <param name="leastScore">Points up to this score are missing, and the neck where a shoulder is.</param>
    /// <param name="width">Pixels a row of the picture; points beyond its edges come to lie on them.</param>
    /// <param name="height">Rows of the picture.</param>
    public static PosePerson ToOpenPose(MoveNetPerson person, double leastScore, int width, int height) =>
        CocoPoints.ToOpenPose([
            .. person.Points.Select(point =>
                point.Score > leastScore
                    ? new PosePoint(Math.Clamp(point.X, 0, width - 1), Math.Clamp(point.Y, 0, height - 1))
                    : (PosePoint?)null
            ),
        ]);
}
