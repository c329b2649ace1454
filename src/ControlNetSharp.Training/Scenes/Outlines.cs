using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Dark lines where material, depth or direction of the surface jumps, drawn on a grid of four samples a pixel near
/// such places.
/// </summary>
internal sealed class Outlines(Solid[] solids, RayCaster rays, Sighting[] seen, int size)
{
    private readonly int _fine = 2 * size;
    private readonly Sighting[] _samples = new Sighting[4 * size * size];
    private readonly bool[] _near = new bool[size * size];

    /// <summary>
    /// Colours the pixels near edges anew: the mean of four samples, of which those on a line are
    /// <paramref name="ink"/>.
    /// </summary>
    /// <param name="colours">The pixels, changed in place.</param>
    /// <param name="ink">Colour of the lines.</param>
    /// <param name="colour">The colour of a sample at (x, y, what is seen, pixel index).</param>
    public void Draw(Vector3[] colours, Vector3 ink, Func<float, float, Sighting, int, Vector3> colour)
    {
        MarkNeighbourhoods();
        LookCloser();
        var lines = Widen(Lines());
        for (var i = 0; i < _near.Length; i++)
        {
            if (!_near[i])
            {
                continue;
            }

            var sum = Vector3.Zero;
            for (var k = 0; k < 4; k++)
            {
                var (x, y) = (2 * (i % size) + (k & 1), 2 * (i / size) + (k >> 1));
                var at = y * _fine + x;
                sum += lines[at] ? ink : colour((x + 0.5f) / _fine, (y + 0.5f) / _fine, _samples[at], i);
            }

            colours[i] = sum / 4;
        }
    }

    private void MarkNeighbourhoods()
    {
        for (var y = 0; y + 1 < size; y++)
        {
            for (var x = 0; x + 1 < size; x++)
            {
                var i = y * size + x;
                if (!Jumps(seen[i], seen[i + 1]) && !Jumps(seen[i], seen[i + size]))
                {
                    continue;
                }

                for (var v = Math.Max(0, y - 1); v <= Math.Min(size - 1, y + 2); v++)
                {
                    _near
                        .AsSpan(v * size + Math.Max(0, x - 1), Math.Min(size - 1, x + 2) - Math.Max(0, x - 1) + 1)
                        .Fill(true);
                }
            }
        }
    }

    private void LookCloser()
    {
        for (var i = 0; i < _near.Length; i++)
        {
            for (var k = 0; k < 4; k++)
            {
                var (x, y) = (2 * (i % size) + (k & 1), 2 * (i / size) + (k >> 1));
                _samples[y * _fine + x] = _near[i] ? rays.Look((x + 0.5f) / _fine, (y + 0.5f) / _fine) : seen[i];
            }
        }
    }

    private bool[] Lines()
    {
        var lines = new bool[_samples.Length];
        for (var y = 0; y + 1 < _fine; y++)
        {
            for (var x = 0; x + 1 < _fine; x++)
            {
                var i = y * _fine + x;
                lines[i] =
                    _near[(y >> 1) * size + (x >> 1)]
                    && (Jumps(_samples[i], _samples[i + 1]) || Jumps(_samples[i], _samples[i + _fine]));
            }
        }

        return lines;
    }

    // A cross around each line sample: lines of three samples, one and a half pixels.
    private bool[] Widen(bool[] lines)
    {
        var wide = new bool[lines.Length];
        for (var y = 1; y + 1 < _fine; y++)
        {
            for (var x = 1; x + 1 < _fine; x++)
            {
                var i = y * _fine + x;
                wide[i] = lines[i] || lines[i - 1] || lines[i + 1] || lines[i - _fine] || lines[i + _fine];
            }
        }

        return wide;
    }

    private bool Jumps(in Sighting a, in Sighting b) => SurfaceEdges.Between(solids, a, b);
}
