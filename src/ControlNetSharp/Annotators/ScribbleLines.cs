using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Scribbles as the original makes them from soft edges and from drawings. Source: annotator/hed and
/// gradio_{fake_scribble,scribble,scribble_interactive}2image.py, lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal static class ScribbleLines
{
    /// <summary>Standard deviation of both blurs, in pixels.</summary>
    private const double Sigma = 3;

    /// <summary>The middle of a byte: what is brighter is light, what is darker is dark.</summary>
    private const byte Middle = 127;

    /// <summary>Thick strokes along the ridges of soft edges: 0 or 255.</summary>
    /// <param name="edges">width · height values, bright on black. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    public static byte[] OfSoftEdges(byte[] edges, int width, int height)
    {
        var strokes = GaussianBlur.Blur(Ridges(edges, width, height), width, height, 1, Sigma);
        return [.. strokes.Select(value => value > 4 ? byte.MaxValue : byte.MinValue)];
    }

    /// <summary>
    /// 255 where the blurred edges are brighter than the middle and, along one of four directions at least, no
    /// neighbour is brighter; else 0.
    /// </summary>
    /// <param name="edges">width · height values, bright on black. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    public static byte[] Ridges(byte[] edges, int width, int height)
    {
        var blurred = GaussianBlur.Blur([.. edges.Select(value => (float)value)], width, height, 1, Sigma);
        var ridges = new byte[edges.Length];
        for (int y = 0, i = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++, i++)
            {
                if (
                    blurred[i] > Middle
                    && (IsRidge(x, y, 1, 0) || IsRidge(x, y, 0, 1) || IsRidge(x, y, 1, 1) || IsRidge(x, y, 1, -1))
                )
                {
                    ridges[i] = 255;
                }
            }
        }

        return ridges;

        bool IsRidge(int x, int y, int dx, int dy) =>
            At(x - dx, y - dy) <= blurred[y * width + x] && At(x + dx, y + dy) <= blurred[y * width + x];

        float At(int x, int y) =>
            x < 0 || y < 0 || x >= width || y >= height ? float.NegativeInfinity : blurred[y * width + x];
    }

    /// <summary>White where a drawing of dark lines on bright paper has a channel below the middle.</summary>
    public static Picture OfDarkLines(Picture drawing) => Where(drawing, (darkest, _) => darkest < Middle);

    /// <summary>White where a drawing of bright lines on dark ground has a channel above the middle.</summary>
    public static Picture OfBrightLines(Picture drawing) => Where(drawing, (_, brightest) => brightest > Middle);

    private static Picture Where(Picture picture, Func<byte, byte, bool> isLine)
    {
        var lines = new byte[picture.Width * picture.Height];
        for (int i = 0, from = 0; i < lines.Length; i++, from += 3)
        {
            var (red, green, blue) = (picture.Rgb[from], picture.Rgb[from + 1], picture.Rgb[from + 2]);
            lines[i] = isLine(Math.Min(red, Math.Min(green, blue)), Math.Max(red, Math.Max(green, blue)))
                ? byte.MaxValue
                : byte.MinValue;
        }

        return Greyscale.ToPicture(lines, picture.Width, picture.Height);
    }
}
