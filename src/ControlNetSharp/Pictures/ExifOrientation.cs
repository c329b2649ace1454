using System.Buffers.Binary;
using SkiaSharp;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The orientation in EXIF data where Skia does not look for it: in PNG (chunk eXIf), and in WebP whose data begins
/// with
/// the name that it has in JPEG. Sources: PNG specification (third edition), section 11.3.3.4; Exif 2.32, section 4.6.
/// </summary>
internal static class ExifOrientation
{
    private const ushort Orientation = 0x0112,
        Short = 3;
    private const int EntryBytes = 12;

    /// <summary>What the file says; upright where it says nothing or something that cannot be.</summary>
    public static SKEncodedOrigin Of(ReadOnlySpan<byte> file) =>
        InTiff(ExifOf(file)) is { } value and >= 1 and <= 8 ? (SKEncodedOrigin)value : SKEncodedOrigin.TopLeft;

    private static ReadOnlySpan<byte> ExifOf(ReadOnlySpan<byte> file)
    {
        var exif =
            file.StartsWith(PngFormat.Signature) ? Chunk(file, 8, "eXIf"u8, isPng: true)
            : file.StartsWith("RIFF"u8) ? Chunk(file, 12, "EXIF"u8, isPng: false)
            : default;
        return exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
    }

    /// <summary>
    /// The data of the first chunk of a name. PNG has the length (big-endian), the name, the data and four bytes of
    /// checksum; RIFF the name, the length (little-endian) and the data, filled up to an even number.
    /// </summary>
    private static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> file, int start, ReadOnlySpan<byte> name, bool isPng)
    {
        var (lengthAt, nameAt) = isPng ? (0, 4) : (4, 0);
        for (long at = start; at + 8 <= file.Length; )
        {
            var head = file.Slice((int)at, 8);
            var bytes = head.Slice(lengthAt, 4);
            var length = isPng
                ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
                : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            if (length > file.Length - at - 8)
            {
                return default;
            }

            if (head.Slice(nameAt, 4).SequenceEqual(name))
            {
                return file.Slice((int)at + 8, (int)length);
            }

            at += 8 + length + (isPng ? 4 : length % 2);
        }

        return default;
    }

    /// <summary>The value of the orientation in the first directory; null where there is none.</summary>
    private static int? InTiff(ReadOnlySpan<byte> tiff)
    {
        var isLittle = tiff.StartsWith("II*\0"u8);
        if ((!isLittle && !tiff.StartsWith("MM\0*"u8)) || tiff.Length < 8)
        {
            return null;
        }

        var directory = Number(tiff[4..8]);
        if (directory > tiff.Length - 2)
        {
            return null;
        }

        var entries = tiff[(int)directory..];
        var count = Number(entries[..2]);
        for (var at = 2; count > 0 && at + EntryBytes <= entries.Length; count--, at += EntryBytes)
        {
            var entry = entries.Slice(at, EntryBytes);
            if (Number(entry[..2]) == Orientation)
            {
                return Number(entry[2..4]) == Short
                    ? (int)Number(entry[8..10])
                    : (int)Math.Min(int.MaxValue, Number(entry[8..12]));
            }
        }

        return null;

        uint Number(ReadOnlySpan<byte> bytes) =>
            (bytes.Length, isLittle) switch
            {
                (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                (2, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
                (_, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                (_, false) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            };
    }
}
