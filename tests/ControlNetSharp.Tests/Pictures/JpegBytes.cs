using System.Buffers.Binary;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>JPEG files put together by hand: of one colour, with any number of components and any size in the header. Source: ITU-T T.81.</summary>
internal static class JpegBytes
{
    /// <summary>One block of 8 x 8 pixels in one colour; a marker of Adobe says that the components are stored as they are (three: RGB, four: inverted CMYK).</summary>
    /// <param name="width">As the header says it; 8 for a whole file.</param>
    /// <param name="height">As the header says it; 8 for a whole file.</param>
    /// <param name="colour">A sample for each component.</param>
    public static byte[] Of(ushort width, ushort height, params byte[] colour)
    {
        using var file = new MemoryStream();
        file.Write([0xFF, 0xD8]);
        Segment(file, 0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]);
        // With every step 8, the quantised mean of a block is its colour less 128.
        Segment(file, 0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]);
        Segment(file, 0xC0, [8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, (byte)colour.Length, .. colour.Index().SelectMany(c => new byte[] { (byte)(c.Index + 1), 0x11, 0 })]);
        // Means: lengths 0 to 8 as codes of four bits. The rest: only "end of block", one bit.
        Segment(file, 0xC4, [0x00, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        Segment(file, 0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Segment(file, 0xDA, [(byte)colour.Length, .. colour.Index().SelectMany(c => new byte[] { (byte)(c.Index + 1), 0 }), 0, 63, 0]);
        file.Write(Coded(colour));
        file.Write([0xFF, 0xD9]);
        return file.ToArray();
    }

    /// <summary>The same file with an EXIF orientation (1 to 8) after its start marker.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        using var segment = new MemoryStream();
        Segment(segment, 0xE1, [.. "Exif\0\0"u8, .. Exif(orientation)]);
        return [.. jpeg[..2], .. segment.ToArray(), .. jpeg[2..]];
    }

    /// <summary>EXIF data (a TIFF directory of one entry) that says an orientation, in either order of bytes.</summary>
    public static byte[] Exif(byte orientation, bool bigEndian = false) => bigEndian
        ? [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
        : [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];

    private static void Segment(MemoryStream file, byte marker, byte[] data)
    {
        var head = new byte[4];
        (head[0], head[1]) = (0xFF, marker);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(2), (ushort)(data.Length + 2));
        file.Write(head);
        file.Write(data);
    }

    private static byte[] Coded(byte[] colour)
    {
        var bits = "";
        foreach (var value in colour.Select(sample => sample - 128))
        {
            var length = 32 - int.LeadingZeroCount(Math.Abs(value));
            bits += Convert.ToString(length, 2).PadLeft(4, '0');
            bits += length == 0 ? "" : Convert.ToString(value > 0 ? value : value + (1 << length) - 1, 2).PadLeft(length, '0');
            bits += '0';
        }

        bits += new string('1', (8 - bits.Length % 8) % 8);
        return [.. bits.Chunk(8).Select(eight => Convert.ToByte(new string(eight), 2)).SelectMany(value => value == 0xFF ? new byte[] { 0xFF, 0 } : [value])];
    }
}
