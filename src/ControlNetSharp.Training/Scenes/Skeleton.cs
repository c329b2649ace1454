using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>Angles of a standing, sitting or moving body, radians. Pairs hold the person's right side first.</summary>
/// <remarks>
/// Arms and legs hang down at 0. Swing turns forwards (towards +Z), Spread outwards; Bend is the further swing of
/// forearm or shank.
/// </remarks>
internal sealed record Pose(string Doing)
{
    public Vector2 ArmSwing { get; init; }

    public Vector2 ArmSpread { get; init; } = new(0.12f);

    public Vector2 ElbowBend { get; init; } = new(0.2f);

    /// <summary>How far the forearms turn outwards as the elbows bend.</summary>
    public Vector2 ForearmSpread { get; init; } = new(0.1f);

    public Vector2 LegSwing { get; init; }

    public Vector2 LegSpread { get; init; } = new(0.06f);

    public Vector2 KneeBend { get; init; }

    public float Lean { get; init; }

    /// <summary>How far the hips are above where standing feet would put them, metres.</summary>
    public float Lift { get; init; }

    public bool Seated { get; init; }
}

/// <summary>The joints of a person 1.7 m tall in its frame, facing +Z; the person's right is at -X.</summary>
internal sealed class Skeleton
{
    public const float Height = 1.7f;
    private const float UpperArm = 0.28f;
    private const float Forearm = 0.26f;
    private const float Thigh = 0.42f;
    private const float Shank = 0.42f;

    public Skeleton(Pose pose)
    {
        var hipHeight = 0.92f;
        if (pose.Seated)
        {
            hipHeight = 0.52f;
        }
        else
        {
            // The lower foot stands on the ground.
            hipHeight =
                0.08f
                + pose.Lift
                + MathF.Max(
                    Reach(pose.LegSwing.X, pose.LegSpread.X, pose.KneeBend.X),
                    Reach(pose.LegSwing.Y, pose.LegSpread.Y, pose.KneeBend.Y)
                );
        }

        Pelvis = new Vector3(0, hipHeight, 0);
        var (sin, cos) = MathF.SinCos(pose.Lean);
        Spine = new Vector3(0, cos, sin);
        Neck = Pelvis + Spine * 0.54f;
        Head = Neck + Vector3.Normalize(Spine + Vector3.UnitY) * 0.2f;
        for (var side = 0; side < 2; side++)
        {
            var sign = side == 0 ? -1 : 1;
            var (armSwing, armSpread, bend, turn) = (
                pose.ArmSwing[side],
                pose.ArmSpread[side],
                pose.ElbowBend[side],
                pose.ForearmSpread[side]
            );
            Shoulders[side] = Neck + new Vector3(sign * 0.185f, 0, 0) - Spine * 0.045f;
            Elbows[side] = Shoulders[side] + Hanging(armSwing, armSpread, sign) * UpperArm;
            Wrists[side] = Elbows[side] + Hanging(armSwing + bend, turn, sign) * Forearm;
            Hips[side] = Pelvis + new Vector3(sign * 0.095f, 0, 0);
            Knees[side] = Hips[side] + Hanging(pose.LegSwing[side], pose.LegSpread[side], sign) * Thigh;
            Ankles[side] =
                Knees[side]
                + Hanging(pose.LegSwing[side] - pose.KneeBend[side], pose.LegSpread[side] * 0.6f, sign) * Shank;
        }
    }

    public Vector3 Pelvis { get; }

    public Vector3 Spine { get; }

    public Vector3 Neck { get; }

    /// <summary>The middle of the head.</summary>
    public Vector3 Head { get; }

    public Vector3[] Shoulders { get; } = new Vector3[2];

    public Vector3[] Elbows { get; } = new Vector3[2];

    public Vector3[] Wrists { get; } = new Vector3[2];

    public Vector3[] Hips { get; } = new Vector3[2];

    public Vector3[] Knees { get; } = new Vector3[2];

    public Vector3[] Ankles { get; } = new Vector3[2];

    private static Vector3 Hanging(float swing, float spread, int sign)
    {
        var (sinSwing, cosSwing) = MathF.SinCos(swing);
        var (sinSpread, cosSpread) = MathF.SinCos(spread);
        return new Vector3(sign * sinSpread, -cosSwing * cosSpread, sinSwing * cosSpread);
    }

    private static float Reach(float swing, float spread, float bend) =>
        Thigh * MathF.Cos(swing) * MathF.Cos(spread) + Shank * MathF.Cos(swing - bend) * MathF.Cos(spread * 0.6f);
}
