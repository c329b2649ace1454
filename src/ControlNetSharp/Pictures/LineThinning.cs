namespace ControlNetSharp.Pictures;

/// <summary>
/// Thins lines to a width of one pixel, so that what hangs together still does, and holes stay holes. Pixels go layer
/// by
/// layer from each of four sides in turn, where the connectivity number says that nothing is torn or filled.
/// Source: Yokoi, Toriwaki and Fukumura 1975, "An analysis of topological properties of digitized binary pictures".
/// </summary>
internal static class LineThinning
{
    /// <summary>Thins in place.</summary>
    /// <param name="lines">width · height bytes: 255 for a line, 0 for ground.</param>
    /// <param name="kept">Pixels that stay where they are not 0, in the same order. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    public static void Thin(byte[] lines, byte[] kept, int width)
    {
        var height = lines.Length / width;
        var candidates = Enumerable.Range(0, lines.Length).Where(i => lines[i] != 0 && kept[i] == 0).ToList();
        Span<byte> around = stackalloc byte[8];
        for (var before = -1; before != candidates.Count; )
        {
            before = candidates.Count;
            // Two opposite sides in turn, so that lines stay in the middle: right, left, below, above.
            foreach (var side in (ReadOnlySpan<int>)[0, 4, 6, 2])
            {
                var layer = new List<int>();
                foreach (var pixel in candidates)
                {
                    LookAround(lines, width, height, pixel, around);
                    if (around[side] == 0)
                    {
                        layer.Add(pixel);
                    }
                }

                foreach (var pixel in layer)
                {
                    LookAround(lines, width, height, pixel, around);
                    lines[pixel] = MayGo(around) ? (byte)0 : lines[pixel];
                }

                candidates.RemoveAll(pixel => lines[pixel] == 0);
            }
        }
    }

    /// <summary>The eight neighbours as 0 or 1: right, upper right, above and so on round; outside is ground.</summary>
    private static void LookAround(byte[] lines, int width, int height, int pixel, Span<byte> around)
    {
        var (x, y) = (pixel % width, pixel / width);
        for (var i = 0; i < 8; i++)
        {
            var (u, v) = (x + Step(i), y - Step(i - 2));
            around[i] = u >= 0 && u < width && v >= 0 && v < height && lines[v * width + u] != 0 ? (byte)1 : (byte)0;
        }

        static int Step(int direction) =>
            (direction & 7) switch
            {
                0 or 1 or 7 => 1,
                3 or 4 or 5 => -1,
                _ => 0,
            };
    }

    /// <summary>Whether a pixel is no end, and without it its neighbours hang together as before.</summary>
    private static bool MayGo(ReadOnlySpan<byte> around)
    {
        var (neighbours, connectivity) = (0, 0);
        foreach (var neighbour in around)
        {
            neighbours += neighbour;
        }

        for (var i = 0; i < 8; i += 2)
        {
            var (one, two, three) = (1 - around[i], 1 - around[i + 1], 1 - around[(i + 2) & 7]);
            connectivity += one - one * two * three;
        }

        return neighbours > 1 && connectivity == 1;
    }
}
