using System.Buffers.Binary;

namespace ControlNetSharp.Pictures;

/// <summary>
/// What a PNG stores for each pixel: all of its 16 bits and the numbers of palette entries, where picture decoders give
/// 8 bits and colours.
/// Source: PNG specification (third edition), sections 9 to 11.
/// </summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Header">The file's header.</param>
/// <param name="Values">Width · height · channels numbers, row by row.</param>
internal sealed record PngSamples(int Width, int Height, PngSamples.Kind Header, ushort[] Values)
{
    private const int HeaderStart = 16,
        HeaderBytes = 13;

    /// <summary>How samples are stored.</summary>
    /// <param name="Bits">Bits a sample.</param>
    /// <param name="ColourType">0 grey, 2 RGB, 3 palette; 4 and 6 the first two with alpha.</param>
    /// <param name="IsInterlaced">Whether the rows come in seven passes.</param>
    internal sealed record Kind(int Bits, int ColourType, bool IsInterlaced)
    {
        public bool IsGrey => ColourType == 0;

        public bool IsPaletted => ColourType == 3;

        /// <summary>Samples a pixel.</summary>
        public int Channels => ColourType == 2 ? 3 : 1;

        /// <summary>
        /// Whether <see cref="PngSamples"/> reads it: without alpha, in one pass, with the bits that there are.
        /// </summary>
        public bool IsRead =>
            !IsInterlaced && (Bits, ColourType) is (1 or 2 or 4 or 8, 0 or 3) or (16, 0) or (8 or 16, 2);
    }

    /// <summary>What the header says; null where the bytes are no PNG or end inside the header.</summary>
    /// <param name="bytes">The first 29 bytes of a file or more.</param>
    public static Kind? KindOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderStart + HeaderBytes && PngHeader.TryRead(bytes) is not null
            ? new Kind(bytes[HeaderStart + 8], bytes[HeaderStart + 9], bytes[HeaderStart + 12] != 0)
            : null;

    /// <summary>Reads a file.</summary>
    /// <exception cref="PictureException">
    /// No PNG, of a kind that is not read, damaged, truncated or too large.
    /// </exception>
    public static PngSamples Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var kind =
            KindOf(bytes)
            ?? throw new PictureException(name, "the PNG file is truncated or damaged: its header cannot be read.");
        if (kind.IsInterlaced)
        {
            throw new PictureException(name, "the PNG is interlaced; save it without.");
        }

        if (!kind.IsRead)
        {
            throw new PictureException(
                name,
                $"the PNG has {kind.Bits} bits a sample and the colour type {kind.ColourType}; grey, RGB and palettes "
                    + "without alpha are read."
            );
        }

        var header = PngHeader.TryRead(bytes)!.Value;
        var (width, height) = limits.CheckedSize(header.Width, header.Height, name);
        var rowBytes = (int)(((long)width * kind.Channels * kind.Bits + 7) / 8);
        var rows = Inflate(bytes, (long)height * (1 + rowBytes), name);
        Unfilter(rows, rowBytes, height, Math.Max(1, kind.Channels * kind.Bits / 8), name);
        return new PngSamples(width, height, kind, Unpack(rows, width * kind.Channels, height, rowBytes, kind.Bits));
    }

    /// <summary>The joined IDAT chunks, decompressed to exactly so many bytes.</summary>
    private static byte[] Inflate(ReadOnlySpan<byte> bytes, long expected, string name)
    {
        using var packed = new MemoryStream();
        for (var at = 8L; ; )
        {
            if (at + 12 > bytes.Length)
            {
                throw new PictureException(name, "the PNG file is truncated: it ends without its last chunk.");
            }

            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)at..]);
            var type = bytes.Slice((int)at + 4, 4);
            if (length > bytes.Length - at - 12)
            {
                throw new PictureException(
                    name,
                    $"the PNG file is truncated: a chunk of {length} bytes runs over its end."
                );
            }

            var data = bytes.Slice((int)at + 8, (int)length);
            if (PngFormat.Crc(type, data) != BinaryPrimitives.ReadUInt32BigEndian(bytes[((int)at + 8 + (int)length)..]))
            {
                throw new PictureException(
                    name,
                    $"the PNG file is damaged: the check sum of the chunk at byte {at} is wrong."
                );
            }

            if (type.SequenceEqual("IEND"u8))
            {
                break;
            }

            if (type.SequenceEqual("IDAT"u8))
            {
                packed.Write(data);
            }

            at += 12 + length;
        }

        packed.Position = 0;
        return Inflation.Exactly(packed, expected, name, "PNG");
    }

    /// <summary>Undoes the filter of each row, in place.</summary>
    private static void Unfilter(byte[] rows, int length, int height, int bytesPerPixel, string name)
    {
        for (var y = 0; y < height; y++)
        {
            var row = rows.AsSpan(y * (length + 1) + 1, length);
            var above = y == 0 ? default : rows.AsSpan((y - 1) * (length + 1) + 1, length);
            var filter = rows[y * (length + 1)];
            for (var i = 0; i < length; i++)
            {
                int left = i < bytesPerPixel ? 0 : row[i - bytesPerPixel],
                    up = y == 0 ? 0 : above[i];
                var corner = y == 0 || i < bytesPerPixel ? 0 : above[i - bytesPerPixel];
                row[i] += filter switch
                {
                    0 => 0,
                    1 => (byte)left,
                    2 => (byte)up,
                    3 => (byte)((left + up) / 2),
                    4 => (byte)Paeth(left, up, corner),
                    _ => throw new PictureException(name, $"the PNG file is damaged: row {y} has the filter {filter}."),
                };
            }
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        var guess = left + up - corner;
        var (toLeft, toUp, toCorner) = (Math.Abs(guess - left), Math.Abs(guess - up), Math.Abs(guess - corner));
        return toLeft <= toUp && toLeft <= toCorner ? left
            : toUp <= toCorner ? up
            : corner;
    }

    /// <summary>Samples of 1 to 16 bits, the first in the highest bits of a byte.</summary>
    private static ushort[] Unpack(byte[] rows, int samples, int height, int rowBytes, int bits)
    {
        var values = new ushort[samples * height];
        for (var y = 0; y < height; y++)
        {
            var row = rows.AsSpan(y * (1 + rowBytes) + 1, rowBytes);
            for (var i = 0; i < samples; i++)
            {
                values[y * samples + i] =
                    bits == 16
                        ? BinaryPrimitives.ReadUInt16BigEndian(row[(2 * i)..])
                        : (ushort)(row[i * bits / 8] >> (8 - bits - i * bits % 8) & (1 << bits) - 1);
            }
        }

        return values;
    }
}
