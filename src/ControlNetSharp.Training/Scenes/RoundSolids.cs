using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>An ellipsoid; with a clip plane, the shell of it on one side.</summary>
/// <param name="frame">Centre and axes.</param>
/// <param name="radii">Half axes, metres.</param>
/// <param name="clip">In the ellipsoid's unit sphere: kept where dot(XYZ, p) ≤ W. Zero keeps everything.</param>
internal sealed class Ellipsoid(Frame frame, Vector3 radii, Vector4 clip = default) : Solid(frame, radii)
{
    private readonly bool _clipped = clip != default;

    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin) / Half;
        var d = TurnToLocal(direction) / Half;
        var a = Vector3.Dot(d, d);
        var b = Vector3.Dot(o, d);
        var h = b * b - a * (Vector3.Dot(o, o) - 1);
        if (h < 0)
        {
            return Miss;
        }

        h = MathF.Sqrt(h);
        var t = (-b - h) / a;
        if (t > Nearest && Keeps(o + d * t))
        {
            return t;
        }

        t = (-b + h) / a;
        return _clipped && t > Nearest && Keeps(o + d * t) ? t : Miss;
    }

    public override Vector3 NormalAt(Vector3 point) => Vector3.Normalize(TurnToWorld(ToLocal(point) / (Half * Half)));

    private bool Keeps(Vector3 p) => !_clipped || Vector3.Dot(new Vector3(clip.X, clip.Y, clip.Z), p) <= clip.W;
}

/// <summary>
/// A cylinder, cone or frustum about the local Y axis; without caps it is an open shell seen from both sides.
/// </summary>
/// <param name="frame">Centre and axes.</param>
/// <param name="halfHeight">Half the height, metres.</param>
/// <param name="bottom">Radius at the bottom, metres.</param>
/// <param name="top">Radius at the top, metres.</param>
/// <param name="capped">Closed at both ends.</param>
internal sealed class Frustum(Frame frame, float halfHeight, float bottom, float top, bool capped = true)
    : Solid(frame, new Vector3(MathF.Max(bottom, top), halfHeight, MathF.Max(bottom, top)))
{
    private readonly float _middle = (bottom + top) / 2;
    private readonly float _slope = (top - bottom) / (2 * halfHeight);

    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin);
        var d = TurnToLocal(direction);
        var nearest = Side(o, d);
        if (capped && d.Y != 0)
        {
            nearest = MathF.Min(nearest, MathF.Min(Cap(o, d, -halfHeight, bottom), Cap(o, d, halfHeight, top)));
        }

        return nearest;
    }

    public override Vector3 NormalAt(Vector3 point)
    {
        var p = ToLocal(point);
        // Past the side's radius minus a hair the point is on the side; else it lies on a cap.
        var radial = MathF.Sqrt(p.X * p.X + p.Z * p.Z);
        var edge = (_middle + _slope * p.Y) * 0.9995f;
        if (capped && MathF.Abs(p.Y) > halfHeight * 0.999f && radial < edge)
        {
            return Y * MathF.Sign(p.Y);
        }

        return Vector3.Normalize(TurnToWorld(new Vector3(p.X / radial, -_slope, p.Z / radial)));
    }

    // x² + z² = (middle + slope · y)²
    private float Side(Vector3 o, Vector3 d)
    {
        var r = _middle + _slope * o.Y;
        var a = d.X * d.X + d.Z * d.Z - _slope * _slope * d.Y * d.Y;
        var b = o.X * d.X + o.Z * d.Z - _slope * d.Y * r;
        var h = b * b - a * (o.X * o.X + o.Z * o.Z - r * r);
        if (h < 0 || a == 0)
        {
            return Miss;
        }

        h = MathF.Sqrt(h);
        var (first, second) = ((-b - h) / a, (-b + h) / a);
        if (first > second)
        {
            (first, second) = (second, first);
        }

        return OnSide(o, d, first) ? first
            : OnSide(o, d, second) ? second
            : Miss;
    }

    private bool OnSide(Vector3 o, Vector3 d, float t)
    {
        var y = o.Y + d.Y * t;
        return t > Nearest && MathF.Abs(y) <= halfHeight && _middle + _slope * y >= 0;
    }

    private static float Cap(Vector3 o, Vector3 d, float y, float radius)
    {
        var t = (y - o.Y) / d.Y;
        var (x, z) = (o.X + d.X * t, o.Z + d.Z * t);
        return t > Nearest && x * x + z * z <= radius * radius ? t : Miss;
    }
}

/// <summary>The hull of two spheres: a capsule when the radii are equal, a tapering limb when not.</summary>
internal sealed class Limb : Solid
{
    private readonly float _length,
        _low,
        _high,
        _lowY,
        _highY,
        _sin,
        _cos;

    /// <param name="frame">
    /// From <see cref="Frame.Along"/>: Y from the first sphere's centre to the second's, origin halfway.
    /// </param>
    /// <param name="length">Distance of the centres, metres, above |low - high|.</param>
    /// <param name="low">Radius at the first end, metres.</param>
    /// <param name="high">Radius at the second end, metres.</param>
    public Limb(Frame frame, float length, float low, float high)
        : base(frame, new Vector3(MathF.Max(low, high), length / 2 + MathF.Max(low, high), MathF.Max(low, high)))
    {
        (_length, _low, _high) = (length, low, high);
        // The tangent cone touches each sphere where its normal leans by asin((low - high) / length).
        _sin = Math.Clamp((low - high) / length, -0.999f, 0.999f);
        _cos = MathF.Sqrt(1 - _sin * _sin);
        (_lowY, _highY) = (-length / 2 + low * _sin, length / 2 + high * _sin);
    }

    public override float Hit(Vector3 origin, Vector3 direction)
    {
        var o = ToLocal(origin);
        var d = TurnToLocal(direction);
        var side = Side(o, d);
        if (side < Miss)
        {
            return side;
        }

        return MathF.Min(Sphere(o, d, -_length / 2, _low), Sphere(o, d, _length / 2, _high));
    }

    public override Vector3 NormalAt(Vector3 point)
    {
        var p = ToLocal(point);
        var radial = MathF.Sqrt(p.X * p.X + p.Z * p.Z);
        var y = p.Y;
        var local =
            y < _lowY ? new Vector3(p.X, y + _length / 2, p.Z)
            : y > _highY ? new Vector3(p.X, y - _length / 2, p.Z)
            : new Vector3(p.X / radial * _cos, _sin, p.Z / radial * _cos);
        return Vector3.Normalize(TurnToWorld(local));
    }

    private float Side(Vector3 o, Vector3 d)
    {
        var slope = -_sin / _cos;
        var r = _low * _cos + slope * (o.Y - _lowY);
        var a = d.X * d.X + d.Z * d.Z - slope * slope * d.Y * d.Y;
        var b = o.X * d.X + o.Z * d.Z - slope * d.Y * r;
        var h = b * b - a * (o.X * o.X + o.Z * o.Z - r * r);
        if (h < 0 || a <= 0)
        {
            return Miss;
        }

        var t = (-b - MathF.Sqrt(h)) / a;
        var y = o.Y + d.Y * t;
        return t > Nearest && y >= _lowY && y <= _highY ? t : Miss;
    }

    private static float Sphere(Vector3 o, Vector3 d, float y, float radius)
    {
        o.Y -= y;
        var a = Vector3.Dot(d, d);
        var b = Vector3.Dot(o, d);
        var h = b * b - a * (Vector3.Dot(o, o) - radius * radius);
        if (h < 0)
        {
            return Miss;
        }

        var t = (-b - MathF.Sqrt(h)) / a;
        return t > Nearest ? t : Miss;
    }
}
