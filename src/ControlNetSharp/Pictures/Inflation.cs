using System.IO.Compression;

namespace ControlNetSharp.Pictures;

/// <summary>Decompression of files that may be hostile.</summary>
internal static class Inflation
{
    /// <summary>
    /// Decompresses zlib data to exactly so many bytes; memory grows with what there really is, not with what a header
    /// claims.
    /// </summary>
    public static byte[] Exactly(Stream packed, long expected, string name, string format)
    {
        using var result = new MemoryStream();
        try
        {
            using var inflated = new ZLibStream(packed, CompressionMode.Decompress);
            var block = new byte[1 << 16];
            for (
                int read;
                result.Length < expected
                    && (read = inflated.Read(block, 0, (int)Math.Min(block.Length, expected - result.Length))) > 0;

            )
            {
                result.Write(block, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new PictureException(name, $"the {format} file is damaged: its pixels cannot be decompressed.", e);
        }

        return result.Length == expected
            ? result.ToArray()
            : throw new PictureException(
                name,
                $"the {format} file is truncated: its pixels end after {result.Length} of {expected} bytes."
            );
    }
}
