using System.Buffers.Binary;
using System.IO.Compression;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Writes 8-bit RGB or RGBA PNG. The same picture and texts give the same bytes (no time stamp, one fixed compression
/// level, one fixed filter rule).
/// Each row takes the filter with the smallest sum of absolute differences, the heuristic that the PNG specification
/// recommends (section 12.7).
/// </summary>
internal static class PngEncoder
{
    /// <param name="picture">The colours. Borrowed.</param>
    /// <param name="texts">Texts by key.</param>
    /// <param name="alpha">Opacity as grey levels, of the same size; null for an opaque picture. Borrowed.</param>
    public static byte[] Encode(
        Picture picture,
        IEnumerable<KeyValuePair<string, string>> texts,
        Picture? alpha = null
    )
    {
        using var png = new MemoryStream();
        png.Write(PngFormat.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], picture.Height);
        // bits a sample; colour type RGB or RGBA; then deflate, adaptive filters, not interlaced
        (header[8], header[9]) = (8, (byte)(alpha is null ? 2 : 6));
        header[10..].Clear();
        PngFormat.WriteChunk(png, "IHDR"u8, header);
        foreach (var (key, text) in texts)
        {
            PngTexts.Write(png, key, text);
        }

        using var compressed = new MemoryStream();
        using (var deflate = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            WriteRows(picture, alpha, deflate);
        }

        PngFormat.WriteChunk(png, "IDAT"u8, compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        PngFormat.WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteRows(Picture picture, Picture? alpha, Stream deflate)
    {
        var pixel = alpha is null ? 3 : 4;
        var length = picture.Width * pixel;
        // A pixel of zeros stands before each row, so that no filter has to ask for the left border.
        var above = new byte[pixel + length];
        var row = new byte[pixel + length];
        byte[] best = new byte[1 + length],
            candidate = new byte[1 + length];
        for (var y = 0; y < picture.Height; y++)
        {
            CopyRow(picture, alpha, y, row.AsSpan(pixel));
            var least = long.MaxValue;
            for (var filter = 0; filter < 5; filter++)
            {
                candidate[0] = (byte)filter;
                var cost = Filter(filter, pixel, row, above, candidate.AsSpan(1));
                if (cost < least)
                {
                    least = cost;
                    (best, candidate) = (candidate, best);
                }
            }

            deflate.Write(best);
            (above, row) = (row, above);
        }
    }

    private static void CopyRow(Picture picture, Picture? alpha, int y, Span<byte> row)
    {
        var colours = picture.Rgb.Slice(3 * y * picture.Width, 3 * picture.Width);
        if (alpha is null)
        {
            colours.CopyTo(row);
            return;
        }

        for (var x = 0; x < picture.Width; x++)
        {
            colours.Slice(3 * x, 3).CopyTo(row[(4 * x)..]);
            row[4 * x + 3] = alpha.Rgb[3 * (y * picture.Width + x)];
        }
    }

    /// <summary>Filters one row (PNG specification, section 9.2) and gives its sum of absolute differences.</summary>
    private static long Filter(
        int filter,
        int pixel,
        ReadOnlySpan<byte> row,
        ReadOnlySpan<byte> above,
        Span<byte> filtered
    )
    {
        var x = row[pixel..];
        var b = above[pixel..];
        switch (filter)
        {
            case 0:
                x.CopyTo(filtered);
                break;
            case 1:
                for (var i = 0; i < filtered.Length; i++)
                {
                    filtered[i] = (byte)(x[i] - row[i]);
                }

                break;
            case 2:
                for (var i = 0; i < filtered.Length; i++)
                {
                    filtered[i] = (byte)(x[i] - b[i]);
                }

                break;
            case 3:
                for (var i = 0; i < filtered.Length; i++)
                {
                    filtered[i] = (byte)(x[i] - ((row[i] + b[i]) >> 1));
                }

                break;
            default:
                for (var i = 0; i < filtered.Length; i++)
                {
                    filtered[i] = (byte)(x[i] - Paeth(row[i], b[i], above[i]));
                }

                break;
        }

        var cost = 0L;
        foreach (var value in filtered)
        {
            cost += Math.Abs((int)(sbyte)value);
        }

        return cost;
    }

    /// <summary>
    /// Of left, above and upper left the one nearest to left + above - upper left; the earlier one on a tie.
    /// </summary>
    private static int Paeth(int left, int above, int upperLeft)
    {
        var toLeft = Math.Abs(above - upperLeft);
        var toAbove = Math.Abs(left - upperLeft);
        var toUpperLeft = Math.Abs(left + above - 2 * upperLeft);
        return toLeft <= toAbove && toLeft <= toUpperLeft ? left
            : toAbove <= toUpperLeft ? above
            : upperLeft;
    }
}
