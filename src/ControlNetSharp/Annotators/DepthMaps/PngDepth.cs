using System.Buffers.Binary;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>Grey PNG files of 16 bits a pixel with all their bits, which picture decoders cut to 8. Source: PNG specification (third edition), sections 9 to 11.</summary>
internal static class PngDepth
{
    private const int HeaderStart = 16;
    private const int BytesPerPixel = 2;

    /// <summary>Whether bytes begin with the header of such a file.</summary>
    public static bool IsGrey16(ReadOnlySpan<byte> bytes) => PngHeader.TryRead(bytes) is not null && bytes[HeaderStart + 8] == 16 && bytes[HeaderStart + 9] == 0;

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var header = bytes.Length >= HeaderStart + 13 ? PngHeader.TryRead(bytes) : null;
        if (header is not { } size)
        {
            throw new PictureException(name, "the PNG file is truncated or damaged: its header cannot be read.");
        }

        if (!IsGrey16(bytes))
        {
            throw new PictureException(name, $"the PNG has {bytes[HeaderStart + 8]} bits a sample and the colour type {bytes[HeaderStart + 9]}; a depth map needs 16 bits and the colour type 0 (grey). A finished hint is given with annotator=none.");
        }

        if (bytes[HeaderStart + 12] != 0)
        {
            throw new PictureException(name, "the PNG is interlaced; save it without.");
        }

        var (width, height) = DepthMapReader.Checked(size.Width, size.Height, name, limits);
        var rows = Inflate(bytes, (long)height * (1 + BytesPerPixel * width), name);
        Unfilter(rows, BytesPerPixel * width, height, name);
        var values = new float[width * height];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadUInt16BigEndian(rows.AsSpan(i / width * (1 + BytesPerPixel * width) + 1 + BytesPerPixel * (i % width)));
        }

        return new DepthMap(width, height, values, isWhole: true, name);
    }

    /// <summary>The joined IDAT chunks, decompressed to exactly so many bytes.</summary>
    private static byte[] Inflate(ReadOnlySpan<byte> bytes, long expected, string name)
    {
        using var packed = new MemoryStream();
        for (var at = 8L; ;)
        {
            if (at + 12 > bytes.Length)
            {
                throw new PictureException(name, "the PNG file is truncated: it ends without its last chunk.");
            }

            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)at..]);
            var type = bytes.Slice((int)at + 4, 4);
            if (length > bytes.Length - at - 12)
            {
                throw new PictureException(name, $"the PNG file is truncated: a chunk of {length} bytes runs over its end.");
            }

            var data = bytes.Slice((int)at + 8, (int)length);
            if (PngFormat.Crc(type, data) != BinaryPrimitives.ReadUInt32BigEndian(bytes[((int)at + 8 + (int)length)..]))
            {
                throw new PictureException(name, $"the PNG file is damaged: the check sum of the chunk at byte {at} is wrong.");
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
    private static void Unfilter(byte[] rows, int length, int height, string name)
    {
        for (var y = 0; y < height; y++)
        {
            var row = rows.AsSpan(y * (length + 1) + 1, length);
            var above = y == 0 ? default : rows.AsSpan((y - 1) * (length + 1) + 1, length);
            var filter = rows[y * (length + 1)];
            for (var i = 0; i < length; i++)
            {
                int left = i < BytesPerPixel ? 0 : row[i - BytesPerPixel], up = y == 0 ? 0 : above[i], corner = y == 0 || i < BytesPerPixel ? 0 : above[i - BytesPerPixel];
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
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}
