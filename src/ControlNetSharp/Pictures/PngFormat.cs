using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The frame of a PNG file: signature and chunks of length, type, data and CRC. Source: PNG specification (third
/// edition), section 5.
/// </summary>
internal static class PngFormat
{
    private static readonly uint[] CrcTable = MakeCrcTable();

    public static ReadOnlySpan<byte> Signature =>
        [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    public static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(type, data));
        stream.Write(number);
    }

    /// <summary>CRC-32 (polynomial 0xEDB88320, reflected) of the chunk's type and data.</summary>
    public static uint Crc(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data) =>
        ~Continue(Continue(uint.MaxValue, type), data);

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        var table = CrcTable;
        foreach (var value in bytes)
        {
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : 0xEDB88320 ^ (value >> 1);
            }

            table[i] = value;
        }

        return table;
    }
}

/// <summary>The size that a PNG file claims in its first chunk.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PngHeader(long Width, long Height)
{
    /// <summary>Null where the bytes are no PNG or end inside the header.</summary>
    public static PngHeader? TryRead(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(PngFormat.Signature) && bytes.Length >= 26 && bytes[12..16].SequenceEqual("IHDR"u8)
            ? new(BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]))
            : null;
}
