using System.Numerics;

namespace ControlNetSharp.Scenes;

/// <summary>
/// Where one surface ends and another begins: material, depth or direction jumps from one sighting to its neighbour.
/// </summary>
internal static class SurfaceEdges
{
    private const float DirectionJump = 0.5f;
    private const float DepthJump = 0.04f;

    /// <summary>Whether there is an edge between two neighbours.</summary>
    public static bool Between(Solid[] solids, in Sighting a, in Sighting b)
    {
        if (a.Solid != b.Solid && (a.Solid < 0 || b.Solid < 0 || solids[a.Solid].Material != solids[b.Solid].Material))
        {
            return true;
        }

        return a.Solid >= 0
            && (
                Vector3.Dot(a.Normal, b.Normal) < DirectionJump
                || (a.Solid != b.Solid && MathF.Abs(a.Depth - b.Depth) > DepthJump * MathF.Min(a.Depth, b.Depth))
            );
    }

    /// <summary>The pixels on either side of an edge: lines two pixels wide.</summary>
    /// <param name="solids">The scene's solids.</param>
    /// <param name="seen">What each pixel's centre shows, row by row.</param>
    /// <param name="width">Pixels a row.</param>
    public static bool[] Of(Solid[] solids, ReadOnlySpan<Sighting> seen, int width)
    {
        var edges = new bool[seen.Length];
        for (var i = 0; i < seen.Length; i++)
        {
            if ((i + 1) % width != 0 && Between(solids, seen[i], seen[i + 1]))
            {
                edges[i] = edges[i + 1] = true;
            }

            if (i + width < seen.Length && Between(solids, seen[i], seen[i + width]))
            {
                edges[i] = edges[i + width] = true;
            }
        }

        return edges;
    }
}
