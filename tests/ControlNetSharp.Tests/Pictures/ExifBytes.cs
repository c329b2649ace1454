using System.Buffers.Binary;
using System.Text;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>
/// EXIF data put together by hand, and files that carry it; their pixels are those of the file they are put into.
/// </summary>
internal static class ExifBytes
{
    public const ushort ImageDescription = 0x010E, UserComment = 0x9286;

    public static byte[] Unicode => [.. "UNICODE\0"u8];

    public static byte[] Ascii => [.. "ASCII\0\0\0"u8];

    /// <summary>TIFF with one value in the first directory and one in EXIF's own.</summary>
    public static byte[] Of(bool littleEndian, byte[]? comment = null, byte[]? description = null)
    {
        // Head 8, first directory 2 + 2 · 12 + 4, EXIF's own 2 + 12 + 4, then the values.
        const int own = 8 + 30, values = own + 18;
        var bytes = new byte[values + (comment?.Length ?? 0) + (description?.Length ?? 0)];
        (littleEndian ? "II*\0"u8 : "MM\0*"u8).CopyTo(bytes);
        Long(4, 8);
        Short(8, description is null ? 1 : 2);
        var entry = 10;
        if (description is not null)
        {
            Entry(entry, ImageDescription, 2, description, values + (comment?.Length ?? 0));
            entry += 12;
        }

        Short(entry, 0x8769);
        Short(entry + 2, 4);
        Long(entry + 4, 1);
        Long(entry + 8, own);
        Short(own, comment is null ? 0 : 1);
        if (comment is not null)
        {
            Entry(own + 2, UserComment, 7, comment, values);
        }

        return bytes;

        void Entry(int at, ushort tag, int type, byte[] value, int offset)
        {
            Short(at, tag);
            Short(at + 2, type);
            Long(at + 4, value.Length);
            if (value.Length > 4)
            {
                Long(at + 8, offset);
                value.CopyTo(bytes, offset);
            }
            else
            {
                value.CopyTo(bytes, at + 8);
            }
        }

        void Short(int at, int value)
        {
            if (littleEndian)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)value);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)value);
            }
        }

        void Long(int at, int value)
        {
            if (littleEndian)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
            }
        }
    }

    /// <summary>A JPEG with a segment after its start marker.</summary>
    public static byte[] InJpeg(byte marker, byte[] data)
    {
        var jpeg = JpegBytes.Of(8, 8, 10, 20, 30);
        var length = data.Length + 2;
        return [.. jpeg[..2], 0xFF, marker, (byte)(length >> 8), (byte)length, .. data, .. jpeg[2..]];
    }

    /// <summary>A JPEG with EXIF data.</summary>
    public static byte[] InJpeg(byte[] exif) => InJpeg(0xE1, [.. "Exif\0\0"u8, .. exif]);

    /// <summary>A PNG with EXIF data.</summary>
    public static byte[] InPng(byte[] exif, params (string Type, byte[] Data)[] chunks) =>
        PngBytes.Of(1, 1, 8, PngBytes.Grey, [0, 1], [("eXIf", exif), .. chunks]);

    /// <summary>The frame of a WebP with EXIF data after a chunk of odd length; no pixels.</summary>
    public static byte[] InWebp(byte[] exif)
    {
        byte[] chunks = [.. Chunk("VP8L", [1, 2, 3]), .. Chunk("EXIF", exif)];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(chunks.Length + 4), .. "WEBP"u8, .. chunks];

        static byte[] Chunk(string type, byte[] data) =>
        [
            .. Encoding.ASCII.GetBytes(type), .. BitConverter.GetBytes(data.Length), .. data,
            .. new byte[data.Length % 2],
        ];
    }
}
