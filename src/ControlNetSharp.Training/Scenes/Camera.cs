using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// A pinhole camera for square pictures: rays have depth 1 along the axis, so their t is the depth in metres.
/// </summary>
internal sealed class Camera
{
    private readonly float _tangent;

    /// <param name="position">The eye, metres.</param>
    /// <param name="target">What the middle of the picture shows.</param>
    /// <param name="fieldOfView">Across the picture, degrees.</param>
    public Camera(Vector3 position, Vector3 target, float fieldOfView)
    {
        Position = position;
        Forward = Vector3.Normalize(target - position);
        Right = Vector3.Normalize(Vector3.Cross(Forward, Vector3.UnitY));
        Up = Vector3.Cross(Right, Forward);
        _tangent = MathF.Tan(fieldOfView * MathF.PI / 360);
    }

    public Vector3 Position { get; }

    public Vector3 Forward { get; }

    public Vector3 Right { get; }

    public Vector3 Up { get; }

    /// <summary>
    /// Looks at <paramref name="target"/> from the side <paramref name="yaw"/> (0: from +Z) and from
    /// <paramref name="pitch"/> above the horizon (radians),
    /// so far that <paramref name="height"/> metres there fill <paramref name="fraction"/> of the picture.
    /// </summary>
    public static Camera Framing(
        Vector3 target,
        float height,
        float fraction,
        float yaw,
        float pitch,
        float fieldOfView
    )
    {
        var distance = height / fraction / (2 * MathF.Tan(fieldOfView * MathF.PI / 360));
        var (sinYaw, cosYaw) = MathF.SinCos(yaw);
        var (sinPitch, cosPitch) = MathF.SinCos(pitch);
        return new Camera(
            target + distance * new Vector3(sinYaw * cosPitch, sinPitch, cosYaw * cosPitch),
            target,
            fieldOfView
        );
    }

    /// <summary>The ray through a place of the picture: x and y from 0 to 1, y downwards.</summary>
    public Vector3 Ray(float x, float y) => Forward + Right * ((2 * x - 1) * _tangent) + Up * ((1 - 2 * y) * _tangent);

    /// <summary>
    /// Where a point of the world appears: x and y from 0 to 1 inside the picture, and its depth in metres.
    /// </summary>
    public Vector3 Project(Vector3 point)
    {
        var offset = point - Position;
        var depth = Vector3.Dot(offset, Forward);
        var scale = 0.5f / (_tangent * depth);
        return new Vector3(0.5f + Vector3.Dot(offset, Right) * scale, 0.5f - Vector3.Dot(offset, Up) * scale, depth);
    }

    /// <summary>A world direction in camera space: x right, y up, z towards the viewer.</summary>
    public Vector3 ToView(Vector3 direction) =>
        new(Vector3.Dot(direction, Right), Vector3.Dot(direction, Up), -Vector3.Dot(direction, Forward));
}
