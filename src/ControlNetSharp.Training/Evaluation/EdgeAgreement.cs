using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>How well two edge maps agree, with some slack in place.</summary>
public static class EdgeAgreement
{
    private const int White = 128;

    /// <summary>
    /// The harmonic mean of precision (share of found edge pixels near a reference edge pixel) and recall (share of
    /// reference edge pixels near a found one).
    /// Source: Martin, Fowlkes and Malik 2004, with nearness in place of their one-to-one assignment.
    /// </summary>
    /// <param name="found">The edges of the picture to be judged, light on dark.</param>
    /// <param name="reference">The edges that it is to have; the same size.</param>
    /// <param name="tolerance">Pixels between the centres of two pixels that still count as near, 0 to 64.</param>
    /// <returns>0 to 1; 1 where neither map has an edge, 0 where one of them has none.</returns>
    /// <exception cref="ArgumentException">The sizes differ, or the tolerance is out of its range.</exception>
    public static double F1(Picture found, Picture reference, int tolerance)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentOutOfRangeException.ThrowIfNegative(tolerance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tolerance, 64);
        if ((found.Width, found.Height) != (reference.Width, reference.Height))
        {
            throw new ArgumentException(
                $"The edge maps have {found.Width} x {found.Height} and {reference.Width} x {reference.Height} pixels; "
                    + "they must be of one size.",
                nameof(reference)
            );
        }

        var (ours, theirs) = (Edges(found), Edges(reference));
        if (!ours.Contains(true) && !theirs.Contains(true))
        {
            return 1;
        }

        var precision = ShareNear(ours, theirs, found.Width, tolerance);
        var recall = ShareNear(theirs, ours, found.Width, tolerance);
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /// <summary>The tolerance for a picture: 2 pixels at 256, in proportion elsewhere, at least 1.</summary>
    public static int ToleranceFor(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return Math.Max(1, (int)Math.Round(Math.Sqrt((double)picture.Width * picture.Height) / 128));
    }

    private static bool[] Edges(Picture picture)
    {
        var edges = new bool[picture.Width * picture.Height];
        for (var i = 0; i < edges.Length; i++)
        {
            edges[i] = picture.Rgb[3 * i] >= White;
        }

        return edges;
    }

    private static double ShareNear(bool[] edges, bool[] others, int width, int tolerance)
    {
        var near = Grown(others, width, tolerance);
        var (count, hits) = (0, 0);
        for (var i = 0; i < edges.Length; i++)
        {
            count += edges[i] ? 1 : 0;
            hits += edges[i] && near[i] ? 1 : 0;
        }

        return count == 0 ? 0 : (double)hits / count;
    }

    /// <summary>All pixels within a disc round an edge pixel.</summary>
    private static bool[] Grown(bool[] edges, int width, int radius)
    {
        var height = edges.Length / width;
        var grown = new bool[edges.Length];
        for (var i = 0; i < edges.Length; i++)
        {
            if (!edges[i])
            {
                continue;
            }

            var (x, y) = (i % width, i / width);
            for (var row = Math.Max(0, y - radius); row <= Math.Min(height - 1, y + radius); row++)
            {
                var reach = (int)Math.Sqrt(radius * radius - (row - y) * (row - y));
                var (first, last) = (Math.Max(0, x - reach), Math.Min(width - 1, x + reach));
                grown.AsSpan(row * width + first, last - first + 1).Fill(true);
            }
        }

        return grown;
    }
}
