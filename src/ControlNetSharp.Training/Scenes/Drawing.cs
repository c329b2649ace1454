using System.Numerics;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Scenes;

/// <summary>One picture while it is being rendered.</summary>
internal sealed class Drawing
{
    /// <summary>Neighbours that differ by more than this (of 1) get more rays.</summary>
    private const float Contrast = 0.035f;

    // A rotated grid: four rows and columns of a pixel, each hit once.
    private static readonly Vector2[] Offsets =
    [
        new(0.125f, 0.375f),
        new(0.625f, 0.125f),
        new(0.375f, 0.875f),
        new(0.875f, 0.625f),
    ];

    private readonly Scene _scene;
    private readonly int _size;
    private readonly RayCaster _rays;
    private readonly ShadowCaster _shadows;
    private readonly Shader _shader;
    private readonly Sighting[] _seen;
    private readonly Vector3[] _colours;
    private float[] _visibility;

    public Drawing(Scene scene, int size)
    {
        (_scene, _size) = (scene, size);
        _rays = new RayCaster(scene.Camera, scene.Solids);
        _shadows = new ShadowCaster(scene.Light.Direction, scene.Solids);
        _shader = new Shader(scene);
        _seen = new Sighting[size * size];
        _colours = new Vector3[size * size];
        _visibility = new float[size * size];
    }

    /// <summary>What each pixel's centre shows, row by row.</summary>
    public ReadOnlySpan<Sighting> Seen => _seen;

    public RayCaster Rays => _rays;

    /// <summary>One ray through each pixel's centre and one from there to the sun.</summary>
    public void Trace()
    {
        for (var y = 0; y < _size; y++)
        {
            for (var x = 0; x < _size; x++)
            {
                var (u, v) = ((x + 0.5f) / _size, (y + 0.5f) / _size);
                var seen = _rays.Look(u, v);
                _seen[y * _size + x] = seen;
                _visibility[y * _size + x] = seen.Solid < 0 ? 1 : Visibility(u, v, seen);
            }
        }
    }

    /// <summary>
    /// Averages the sun's visibility over neighbours on the same surface: a soft edge, as a sun with a disc casts it.
    /// </summary>
    public void SoftenShadows()
    {
        var reach = Math.Max(1, _size / 128);
        var across = new float[_visibility.Length];
        Blur(_visibility, across, reach, 1, reach, 0);
        Blur(across, _visibility, reach, _size, 0, reach);
    }

    /// <summary>The colour of each pixel's centre.</summary>
    public void Paint()
    {
        for (var i = 0; i < _seen.Length; i++)
        {
            _colours[i] = _shader.Colour(
                (i % _size + 0.5f) / _size,
                (i / _size + 0.5f) / _size,
                _seen[i],
                _visibility[i]
            );
        }
    }

    /// <summary>More rays where neighbours differ: smooth edges, and outlines in the styles that have them.</summary>
    public void Refine()
    {
        if (_scene.Attributes.Style is SceneStyle.Cartoon or SceneStyle.Sketch)
        {
            var ink = _scene.Attributes.Style == SceneStyle.Cartoon ? new Vector3(0.05f) : new Vector3(0.22f);
            new Outlines(_scene.Solids, _rays, _seen, _size).Draw(_colours, ink, Sample);
            return;
        }

        var rough = new bool[_seen.Length];
        for (var y = 0; y < _size; y++)
        {
            for (var x = 0; x < _size; x++)
            {
                var i = y * _size + x;
                if (x + 1 < _size && Differ(_colours[i], _colours[i + 1]))
                {
                    rough[i] = rough[i + 1] = true;
                }

                if (y + 1 < _size && Differ(_colours[i], _colours[i + _size]))
                {
                    rough[i] = rough[i + _size] = true;
                }
            }
        }

        for (var i = 0; i < rough.Length; i++)
        {
            if (rough[i])
            {
                var sum = _colours[i];
                foreach (var offset in Offsets)
                {
                    var (u, v) = ((i % _size + offset.X) / _size, (i / _size + offset.Y) / _size);
                    sum += Sample(u, v, _rays.Look(u, v), i);
                }

                _colours[i] = sum / (1 + Offsets.Length);
            }
        }
    }

    public Picture Picture()
    {
        var rgb = new byte[_colours.Length * 3];
        for (var i = 0; i < _colours.Length; i++)
        {
            var c = _colours[i] * 255 + new Vector3(0.5f);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = ((byte)c.X, (byte)c.Y, (byte)c.Z);
        }

        return Pictures.Picture.Owning(_size, _size, rgb);
    }

    private static bool Differ(Vector3 a, Vector3 b)
    {
        var d = Vector3.Abs(a - b);
        return d.X > Contrast || d.Y > Contrast || d.Z > Contrast;
    }

    // The colour of one more ray inside pixel i.
    private Vector3 Sample(float u, float v, Sighting seen, int i) =>
        _shader.Colour(u, v, seen, seen.Solid < 0 ? 1 : NearbyVisibility(seen, i) ?? Visibility(u, v, seen));

    private float Visibility(float u, float v, in Sighting seen)
    {
        if (Vector3.Dot(seen.Normal, _scene.Light.Direction) <= 0)
        {
            return 0;
        }

        var point = _scene.Camera.Position + _scene.Camera.Ray(u, v) * seen.Depth;
        return _shadows.Visibility(point + seen.Normal * (3e-4f * seen.Depth));
    }

    // The softened visibility of neighbouring pixels' centres on the same surface; null where none is.
    private float? NearbyVisibility(in Sighting seen, int i)
    {
        var (sum, count) = (0f, 0);
        for (var y = Math.Max(0, i / _size - 1); y <= Math.Min(_size - 1, i / _size + 1); y++)
        {
            for (var x = Math.Max(0, i % _size - 1); x <= Math.Min(_size - 1, i % _size + 1); x++)
            {
                ref readonly var other = ref _seen[y * _size + x];
                if (other.Solid == seen.Solid && Vector3.Dot(other.Normal, seen.Normal) > 0.8f)
                {
                    sum += _visibility[y * _size + x];
                    count++;
                }
            }
        }

        return count == 0 ? null : sum / count;
    }

    private void Blur(float[] from, float[] to, int reach, int step, int marginX, int marginY)
    {
        for (var y = 0; y < _size; y++)
        {
            for (var x = 0; x < _size; x++)
            {
                var i = y * _size + x;
                to[i] = from[i];
                if (
                    x < marginX
                    || x >= _size - marginX
                    || y < marginY
                    || y >= _size - marginY
                    || (from[i] == from[i - step * reach] && from[i] == from[i + step * reach])
                )
                {
                    continue;
                }

                ref readonly var here = ref _seen[i];
                var (sum, count) = (0f, 0);
                for (var k = -reach; k <= reach; k++)
                {
                    ref readonly var there = ref _seen[i + k * step];
                    if (there.Solid == here.Solid && Vector3.Dot(there.Normal, here.Normal) > 0.8f)
                    {
                        sum += from[i + k * step];
                        count++;
                    }
                }

                to[i] = sum / Math.Max(1, count);
            }
        }
    }
}
