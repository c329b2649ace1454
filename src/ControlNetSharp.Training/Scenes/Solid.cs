using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A closed form that a ray can hit, inside an oriented box: a centre, three unit axes and half extents along them, all
/// in metres.
/// Rays are origin + t · direction with a direction of any length; t counts in lengths of the direction.
/// </summary>
internal abstract class Solid
{
    /// <summary>What a ray that hits nothing returns.</summary>
    public const float Miss = float.PositiveInfinity;

    /// <summary>Hits nearer than this (in t) are the surface that the ray starts from.</summary>
    protected const float Nearest = 1e-5f;

    protected Solid(Frame frame, Vector3 half)
    {
        (Centre, X, Y, Z) = (frame.Origin, frame.X, frame.Y, frame.Z);
        Half = half;
    }

    public Vector3 Centre { get; }

    public Vector3 X { get; }

    public Vector3 Y { get; }

    public Vector3 Z { get; }

    public Vector3 Half { get; }

    public required Material Material { get; init; }

    /// <summary>ADE20K class index.</summary>
    public required byte Class { get; init; }

    public bool CastsShadow { get; init; } = true;

    /// <summary>Index of the person that this is part of, or -1.</summary>
    public int Person { get; init; } = -1;

    /// <summary>Without bounds: tested by every ray.</summary>
    public virtual bool IsUnbounded => false;

    /// <summary>The t of the nearest hit in front of the origin, or <see cref="Miss"/>.</summary>
    public abstract float Hit(Vector3 origin, Vector3 direction);

    /// <summary>The outward unit normal at a point of the surface (world coordinates).</summary>
    public abstract Vector3 NormalAt(Vector3 point);

    public Vector3 ToLocal(Vector3 point) => TurnToLocal(point - Centre);

    public Vector3 TurnToLocal(Vector3 direction) =>
        new(Vector3.Dot(direction, X), Vector3.Dot(direction, Y), Vector3.Dot(direction, Z));

    protected Vector3 TurnToWorld(Vector3 local) => X * local.X + Y * local.Y + Z * local.Z;
}

/// <summary>The horizontal plane at a height; seen from above.</summary>
internal sealed class Ground(float height) : Solid(Frame.World.Moved(0, height, 0), new Vector3(1e6f, 0, 1e6f))
{
    public override bool IsUnbounded => true;

    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var t = (Centre.Y - origin.Y) / direction.Y;
        return direction.Y < -1e-6f && t > Nearest ? t : Miss;
    }

    public override Vector3 NormalAt(Vector3 point) => Vector3.UnitY;
}

/// <summary>A rotated box (slab method).</summary>
internal sealed class Box(Frame frame, Vector3 half) : Solid(frame, half)
{
    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin);
        var inverse = Vector3.One / TurnToLocal(direction);
        var a = (-Half - o) * inverse;
        var b = (Half - o) * inverse;
        var near = Vector3.Min(a, b);
        var far = Vector3.Max(a, b);
        var enter = MathF.Max(MathF.Max(near.X, near.Y), near.Z);
        var leave = MathF.Min(MathF.Min(far.X, far.Y), far.Z);
        return enter <= leave && enter > Nearest ? enter : Miss;
    }

    public override Vector3 NormalAt(Vector3 point)
    {
        var p = ToLocal(point) / Half;
        var size = Vector3.Abs(p);
        return size.X > size.Y && size.X > size.Z ? X * MathF.Sign(p.X)
            : size.Y > size.Z ? Y * MathF.Sign(p.Y)
            : Z * MathF.Sign(p.Z);
    }
}

/// <summary>
/// A convex body between planes given in its own coordinates (unit normal outwards in XYZ, distance in W): roofs,
/// wedges, pyramids.
/// </summary>
internal sealed class Polyhedron(Frame frame, Vector3 half, Vector4[] planes) : Solid(frame, half)
{
    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin);
        var d = TurnToLocal(direction);
        var (enter, leave) = (float.NegativeInfinity, float.PositiveInfinity);
        foreach (var plane in planes)
        {
            var n = new Vector3(plane.X, plane.Y, plane.Z);
            var towards = Vector3.Dot(n, d);
            var inside = plane.W - Vector3.Dot(n, o);
            if (towards < 0)
            {
                enter = MathF.Max(enter, inside / towards);
            }
            else if (towards > 0)
            {
                leave = MathF.Min(leave, inside / towards);
            }
            else if (inside < 0)
            {
                return Miss;
            }
        }

        return enter <= leave && enter > Nearest ? enter : Miss;
    }

    public override Vector3 NormalAt(Vector3 point)
    {
        var p = ToLocal(point);
        var best = planes[0];
        var nearest = float.PositiveInfinity;
        foreach (var plane in planes)
        {
            var distance = MathF.Abs(Vector3.Dot(new Vector3(plane.X, plane.Y, plane.Z), p) - plane.W);
            if (distance < nearest)
            {
                (nearest, best) = (distance, plane);
            }
        }

        return TurnToWorld(new Vector3(best.X, best.Y, best.Z));
    }
}

/// <summary>A flat ellipse in the local XZ plane with an optional concentric hole.</summary>
/// <param name="frame">Centre and axes; Y is the normal.</param>
/// <param name="radiusX">Along X, metres.</param>
/// <param name="radiusZ">Along Z, metres.</param>
/// <param name="hole">The hole's part of the radius, 0 to 1.</param>
internal sealed class Disc(Frame frame, float radiusX, float radiusZ, float hole = 0)
    : Solid(frame, new Vector3(radiusX, 1e-3f, radiusZ))
{
    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin);
        var d = TurnToLocal(direction);
        var t = -o.Y / d.Y;
        if (!(t > Nearest))
        {
            return Miss;
        }

        var x = (o.X + d.X * t) / radiusX;
        var z = (o.Z + d.Z * t) / radiusZ;
        var r = x * x + z * z;
        return r <= 1 && r >= hole * hole ? t : Miss;
    }

    public override Vector3 NormalAt(Vector3 point) => Y;
}
