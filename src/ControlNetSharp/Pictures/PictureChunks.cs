using System.Buffers.Binary;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The parts that picture files consist of, by name. A part that says it is longer than the file ends the search.
/// </summary>
internal static class PictureChunks
{
    private const byte Fill = 0xFF,
        StartOfScan = 0xDA,
        EndOfImage = 0xD9,
        Temporary = 0x01;

    /// <summary>The data of the first PNG chunk of a type; empty where there is none.</summary>
    public static ReadOnlySpan<byte> InPng(ReadOnlySpan<byte> file, ReadOnlySpan<byte> type)
    {
        for (long at = PngFormat.Signature.Length; at + 8 <= file.Length; )
        {
            var chunk = file[(int)at..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (length > chunk.Length - 8)
            {
                break;
            }

            if (chunk[4..8].SequenceEqual(type))
            {
                return chunk.Slice(8, (int)length);
            }

            at += 8L + length + 4;
        }

        return default;
    }

    /// <summary>The data of the first RIFF chunk (WebP) of a type; empty where there is none.</summary>
    public static ReadOnlySpan<byte> InRiff(ReadOnlySpan<byte> file, ReadOnlySpan<byte> type)
    {
        for (long at = 12; at + 8 <= file.Length; )
        {
            var chunk = file[(int)at..];
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (length > chunk.Length - 8)
            {
                break;
            }

            if (chunk[..4].SequenceEqual(type))
            {
                return chunk.Slice(8, (int)length);
            }

            at += 8L + length + length % 2;
        }

        return default;
    }

    /// <summary>
    /// The data of the first JPEG segment before the pixels that has a marker and begins with a name; empty where there
    /// is none.
    /// </summary>
    public static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> file, byte marker, ReadOnlySpan<byte> name)
    {
        for (var at = 2; at + 4 <= file.Length && file[at] == Fill; )
        {
            var found = file[at + 1];
            if (found is StartOfScan or EndOfImage)
            {
                break;
            }

            // Bytes of 0xFF may stand before a marker, and few markers have no length behind them.
            if (found is Fill or Temporary or (>= 0xD0 and <= 0xD8))
            {
                at += found == Fill ? 1 : 2;
                continue;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || length > file.Length - at - 2)
            {
                break;
            }

            if (found == marker && file.Slice(at + 4, length - 2) is var data && data.StartsWith(name))
            {
                return data;
            }

            at += 2 + length;
        }

        return default;
    }
}
