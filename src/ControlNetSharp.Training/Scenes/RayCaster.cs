using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// What a ray met: index of the solid (-1: sky), depth in metres along the camera axis, unit normal towards the viewer.
/// </summary>
internal record struct Sighting(int Solid, float Depth, Vector3 Normal);

/// <summary>
/// Finds what camera rays meet, testing only the solids whose projection touches the ray's tile, the nearest first.
/// </summary>
internal sealed class RayCaster
{
    private const int Tiles = 32;
    private const float NearPlane = 0.02f;

    private readonly Camera _camera;
    private readonly Solid[] _solids;
    private readonly float[] _nearest;
    private readonly int[][] _tiles = new int[Tiles * Tiles][];

    public RayCaster(Camera camera, Solid[] solids)
    {
        (_camera, _solids) = (camera, solids);
        _nearest = new float[solids.Length];
        var bounds = new ScreenBounds[solids.Length];
        for (var i = 0; i < solids.Length; i++)
        {
            bounds[i] = Project(solids[i]);
            _nearest[i] = bounds[i].Nearest;
        }

        var order = Enumerable.Range(0, solids.Length).OrderBy(i => _nearest[i]).ThenBy(i => i).ToArray();
        var lists = new List<int>[Tiles * Tiles];
        foreach (var i in order)
        {
            var b = bounds[i];
            for (var y = b.Top; y <= b.Bottom; y++)
            {
                for (var x = b.Left; x <= b.Right; x++)
                {
                    (lists[y * Tiles + x] ??= []).Add(i);
                }
            }
        }

        for (var i = 0; i < lists.Length; i++)
        {
            _tiles[i] = lists[i]?.ToArray() ?? [];
        }
    }

    /// <summary>What is seen at a place of the picture (0 to 1, y downwards).</summary>
    public Sighting Look(float x, float y)
    {
        var direction = _camera.Ray(x, y);
        var origin = _camera.Position;
        var (best, depth) = (-1, Solid.Miss);
        foreach (var i in _tiles[Math.Min((int)(y * Tiles), Tiles - 1) * Tiles + Math.Min((int)(x * Tiles), Tiles - 1)])
        {
            if (_nearest[i] > depth)
            {
                break;
            }

            var t = _solids[i].Hit(origin, direction);
            if (t < depth)
            {
                (best, depth) = (i, t);
            }
        }

        if (best < 0)
        {
            return new Sighting(-1, Solid.Miss, Vector3.Zero);
        }

        var normal = _solids[best].NormalAt(origin + direction * depth);
        return new Sighting(best, depth, Vector3.Dot(normal, direction) > 0 ? -normal : normal);
    }

    private ScreenBounds Project(Solid solid)
    {
        var everywhere = new ScreenBounds(0, 0, Tiles - 1, Tiles - 1, 0);
        if (solid.IsUnbounded)
        {
            return everywhere;
        }

        var (x, y, z) = (solid.X * solid.Half.X, solid.Y * solid.Half.Y, solid.Z * solid.Half.Z);
        var (low, high) = (new Vector3(float.PositiveInfinity), new Vector3(float.NegativeInfinity));
        for (var corner = 0; corner < 8; corner++)
        {
            var point =
                solid.Centre
                + ((corner & 1) == 0 ? x : -x)
                + ((corner & 2) == 0 ? y : -y)
                + ((corner & 4) == 0 ? z : -z);
            var seen = _camera.Project(point);
            low = Vector3.Min(low, seen);
            high = Vector3.Max(high, seen);
        }

        if (high.Z < NearPlane)
        {
            return new ScreenBounds(0, 0, -1, -1, Solid.Miss);
        }

        if (low.Z < NearPlane)
        {
            // Partly behind the eye: the projection of the corners says nothing.
            return everywhere;
        }

        return new ScreenBounds(
            Math.Max(0, (int)MathF.Floor(low.X * Tiles)),
            Math.Max(0, (int)MathF.Floor(low.Y * Tiles)),
            (int)MathF.Min(Tiles - 1, MathF.Floor(high.X * Tiles)),
            (int)MathF.Min(Tiles - 1, MathF.Floor(high.Y * Tiles)),
            low.Z
        );
    }

    private readonly record struct ScreenBounds(int Left, int Top, int Right, int Bottom, float Nearest);
}
