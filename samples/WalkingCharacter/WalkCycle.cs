using System.Numerics;
using ControlNetSharp.Annotators.Poses;

namespace WalkingCharacter;

/// <summary>
/// A person 1.7 m tall who walks to the right, seen almost from the side: arms and legs swing as sines of the phase,
/// the lower foot stands on the ground. Metres, x to the person's left, y up,
/// z ahead; angles in radians, 0 where a limb hangs down.
/// </summary>
internal static class WalkCycle
{
    private const float Height = 1.7f,
        Thigh = 0.42f,
        Shank = 0.42f,
        UpperArm = 0.28f,
        Forearm = 0.26f,
        Spine = 0.54f,
        Lean = 0.04f;
    private const float LegSwing = 0.44f,
        ArmSwing = 0.5f;

    /// <summary>How far the person is turned away from the viewer: a quarter turn would be exactly the side.</summary>
    private const float Turn = 1.2f;

    /// <summary>From the viewer to the person, and the height at which the viewer looks.</summary>
    private const float Distance = 3.1f,
        EyeHeight = 0.86f;

    /// <summary>The share of the picture's height that the person fills.</summary>
    private const float Filled = 0.74f;

    /// <summary>The far arm is hidden where it is nearer than this to the middle of the body.</summary>
    private const float HalfTrunk = 0.15f;

    /// <summary>The person at a moment of the walk.</summary>
    /// <param name="phase">0 to 1; after 1 the walk begins anew.</param>
    /// <param name="side">Pixels a side of the picture.</param>
    /// <returns>
    /// OpenPose's 18 points; what the body itself hides from the viewer is null, as in pictures of real persons.
    /// </returns>
    public static PosePerson At(double phase, int side)
    {
        var (sin, cos) = MathF.SinCos((float)(2 * Math.PI * phase));
        var (right, left) = (Leg(sin, cos), Leg(-sin, -cos));
        var hips = new Vector3(0, 0.08f - MathF.Min(right.Ankle.Y, left.Ankle.Y), 0);
        var back = Hanging(MathF.PI + Lean, Spine) * new Vector3(1, 1, -1);
        var neck = hips + back;
        var head = neck + new Vector3(0, 0.2f, 0.006f);
        var (rightHip, leftHip) = (hips - new Vector3(0.095f, 0, 0), hips + new Vector3(0.095f, 0, 0));
        var rightShoulder = neck + new Vector3(-0.185f, -0.045f, 0);
        var (rightElbow, rightWrist) = Arm(rightShoulder, -sin);
        var (leftElbow, leftWrist) = Arm(neck + new Vector3(0.185f, -0.045f, 0), sin);

        return new PosePerson([
            Seen(head + new Vector3(0, -0.02f, 0.128f)),
            Seen(neck),
            Seen(rightShoulder),
            Seen(rightElbow),
            Seen(rightWrist),
            null,
            SeenBesideTheTrunk(leftElbow),
            SeenBesideTheTrunk(leftWrist),
            Seen(rightHip),
            Seen(rightHip + right.Knee),
            Seen(rightHip + right.Ankle),
            null,
            Seen(leftHip + left.Knee),
            Seen(leftHip + left.Ankle),
            Seen(head + new Vector3(-0.04f, 0.018f, 0.107f)),
            Seen(head + new Vector3(0.04f, 0.018f, 0.107f)),
            Seen(head + new Vector3(-0.106f, -0.005f, -0.002f)),
            null,
        ]);

        PosePoint? Seen(Vector3 point) => Project(point, side);

        PosePoint? SeenBesideTheTrunk(Vector3 point) =>
            MathF.Abs(Across(point)) > HalfTrunk ? Project(point, side) : null;
    }

    /// <summary>Knee and ankle as seen from the hip; the knee bends while the leg swings ahead.</summary>
    private static (Vector3 Knee, Vector3 Ankle) Leg(float sin, float cos)
    {
        var swing = LegSwing * sin;
        var knee = Hanging(swing, Thigh);
        return (knee, knee + Hanging(swing - (0.1f + 0.5f * MathF.Max(0, cos)), Shank));
    }

    private static (Vector3 Elbow, Vector3 Wrist) Arm(Vector3 shoulder, float sin)
    {
        var swing = ArmSwing * sin;
        var elbow = shoulder + Hanging(swing, UpperArm);
        return (elbow, elbow + Hanging(swing + 0.35f + 0.1f * sin, Forearm));
    }

    private static Vector3 Hanging(float swing, float length)
    {
        var (sin, cos) = MathF.SinCos(swing);
        return new Vector3(0, -cos, sin) * length;
    }

    private static PosePoint Project(Vector3 point, int side)
    {
        var (sin, cos) = MathF.SinCos(Turn);
        var depth = Distance + point.X * sin - point.Z * cos;
        var scale = side * Filled / Height * Distance / depth;
        return new PosePoint(side / 2f + scale * Across(point), side / 2f - scale * (point.Y - EyeHeight));
    }

    /// <summary>How far to the right of the picture's middle, metres.</summary>
    private static float Across(Vector3 point)
    {
        var (sin, cos) = MathF.SinCos(Turn);
        return point.X * cos + point.Z * sin;
    }
}
