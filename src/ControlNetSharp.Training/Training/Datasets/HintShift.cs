using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training.Datasets;

/// <summary>How far a hint's content lies beside that of its picture.</summary>
/// <param name="X">Pixels of the picture by which the hint must be moved to the right to fit.</param>
/// <param name="Y">Pixels by which it must be moved down.</param>
internal readonly record struct HintShift(int X, int Y)
{
    /// <summary>Edges are compared in pictures of at most this many pixels a side.</summary>
    private const int Side = 256;

    /// <summary>
    /// Shifts up to this many of those pixels are tried; up to <see cref="Slack"/> of them are no shift.
    /// </summary>
    private const int Reach = 12,
        Slack = 2;

    /// <summary>
    /// So many points of the hint's edges are looked at, evenly spread over them; with fewer than the least nothing is
    /// said.
    /// </summary>
    private const int MaxPoints = 2000,
        LeastPoints = 40;

    /// <summary>
    /// A shift counts where it finds this share of the hint's edges in the picture, and both no shift and the mean of
    /// all shifts find this much less.
    /// Skeletons, and other hints whose edges are not those of the picture, never get there.
    /// </summary>
    private const double LeastFound = 0.4,
        MuchLess = 0.6;

    /// <summary>Compares the hint's edges with Canny edges of the picture at all small shifts.</summary>
    /// <param name="hint">The hint, of the picture's shape. Borrowed.</param>
    /// <param name="look">What the hint looks like.</param>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <returns>The shift; null where the hint fits as it is, or nothing can be said.</returns>
    public static HintShift? Find(Picture hint, HintLook look, Picture picture)
    {
        var factor = Math.Min(1, (double)Side / Math.Max(picture.Width, picture.Height));
        var (width, height) = (
            Math.Max(1, (int)Math.Round(picture.Width * factor)),
            Math.Max(1, (int)Math.Round(picture.Height * factor))
        );
        var points = Spread(EdgePoints(PictureResizing.Resize(hint, width, height, Interpolation.Area), look));
        if (points.Count < LeastPoints)
        {
            return null;
        }

        var edges = Grown(Canny.Detect(PictureResizing.Resize(picture, width, height, Interpolation.Area), 100, 200));
        var shares = new double[(2 * Reach + 1) * (2 * Reach + 1)];
        for (var i = 0; i < shares.Length; i++)
        {
            shares[i] = Found(points, edges, width, i % (2 * Reach + 1) - Reach, i / (2 * Reach + 1) - Reach);
        }

        var best = Array.IndexOf(shares, shares.Max());
        var (x, y) = (best % (2 * Reach + 1) - Reach, best / (2 * Reach + 1) - Reach);
        var isShifted =
            Math.Max(Math.Abs(x), Math.Abs(y)) > Slack
            && shares[best] >= LeastFound
            && shares[shares.Length / 2] < MuchLess * shares[best]
            && shares.Average() < MuchLess * shares[best];
        return isShifted ? new HintShift((int)Math.Round(x / factor), (int)Math.Round(y / factor)) : null;
    }

    /// <summary>The lines of a drawing; the edges of anything else.</summary>
    private static List<(int X, int Y)> EdgePoints(Picture hint, HintLook look)
    {
        var levels = look.IsDrawing ? Greyscale.Of(hint) : Greyscale.Of(Canny.Detect(hint, 50, 100));
        if (look.IsDarkOnLight)
        {
            levels = [.. levels.Select(level => (byte)(255 - level))];
        }

        // Thin lines lost brightness when they were scaled down.
        var threshold = Math.Max(1, levels.Max() / 2);
        return
        [
            .. Enumerable
                .Range(0, levels.Length)
                .Where(i => levels[i] >= threshold)
                .Select(i => (i % hint.Width, i / hint.Width)),
        ];
    }

    private static List<(int X, int Y)> Spread(List<(int X, int Y)> points) =>
        points.Count <= MaxPoints
            ? points
            : [.. Enumerable.Range(0, MaxPoints).Select(i => points[(int)((long)i * points.Count / MaxPoints)])];

    /// <summary>Edges and their eight neighbours.</summary>
    private static bool[] Grown(Picture edges)
    {
        var grown = new bool[edges.Width * edges.Height];
        for (var i = 0; i < grown.Length; i++)
        {
            if (edges.Rgb[3 * i] == 0)
            {
                continue;
            }

            var (x, y) = (i % edges.Width, i / edges.Width);
            for (var row = Math.Max(0, y - 1); row <= Math.Min(edges.Height - 1, y + 1); row++)
            {
                var first = Math.Max(0, x - 1);
                grown.AsSpan(row * edges.Width + first, Math.Min(edges.Width - 1, x + 1) - first + 1).Fill(true);
            }
        }

        return grown;
    }

    /// <summary>
    /// The share of the points that lie on an edge when they are moved; what leaves the picture is not found.
    /// </summary>
    private static double Found(List<(int X, int Y)> points, bool[] edges, int width, int dx, int dy)
    {
        var (height, found) = (edges.Length / width, 0);
        foreach (var (x, y) in points)
        {
            var (u, v) = (x + dx, y + dy);
            found += u >= 0 && u < width && v >= 0 && v < height && edges[v * width + u] ? 1 : 0;
        }

        return (double)found / points.Count;
    }
}
