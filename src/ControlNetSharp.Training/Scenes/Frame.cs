using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A place to build at: origin, three orthonormal axes and a scale (metres of the world per unit of the frame). Things
/// face +Z; Y is up.
/// </summary>
internal readonly record struct Frame(Vector3 Origin, Vector3 X, Vector3 Y, Vector3 Z, float Scale)
{
    public static Frame World => new(Vector3.Zero, Vector3.UnitX, Vector3.UnitY, Vector3.UnitZ, 1);

    public static Frame On(float x, float y, float z, float yaw = 0) => World.Moved(x, y, z).Turned(yaw);

    public Vector3 At(Vector3 local) => Origin + Direction(local) * Scale;

    public Vector3 At(float x, float y, float z) => At(new Vector3(x, y, z));

    public Vector3 Direction(Vector3 local) => X * local.X + Y * local.Y + Z * local.Z;

    public Frame Moved(float x, float y, float z) => this with { Origin = At(x, y, z) };

    /// <summary>Turned about the frame's own Y axis, in radians.</summary>
    public Frame Turned(float yaw)
    {
        var (sin, cos) = MathF.SinCos(yaw);
        return this with { X = X * cos - Z * sin, Z = X * sin + Z * cos };
    }

    /// <summary>Turned about the frame's own X axis, in radians: Y leans towards Z.</summary>
    public Frame Pitched(float angle)
    {
        var (sin, cos) = MathF.SinCos(angle);
        return this with { Y = Y * cos + Z * sin, Z = Z * cos - Y * sin };
    }

    /// <summary>Turned about the frame's own Z axis, in radians: X leans towards Y.</summary>
    public Frame Rolled(float angle)
    {
        var (sin, cos) = MathF.SinCos(angle);
        return this with { X = X * cos + Y * sin, Y = Y * cos - X * sin };
    }

    public Frame Scaled(float factor) => this with { Scale = Scale * factor };

    /// <summary>
    /// A frame whose Y axis points from <paramref name="from"/> to <paramref name="to"/> (world points), origin
    /// halfway, scale 1.
    /// </summary>
    public static Frame Along(Vector3 from, Vector3 to)
    {
        var y = Vector3.Normalize(to - from);
        var helper = MathF.Abs(y.Y) < 0.9f ? Vector3.UnitY : Vector3.UnitX;
        var x = Vector3.Normalize(Vector3.Cross(helper, y));
        return new Frame((from + to) / 2, x, y, Vector3.Cross(x, y), 1);
    }
}
