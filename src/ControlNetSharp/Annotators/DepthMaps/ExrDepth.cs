using System.Buffers.Binary;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// Depth from OpenEXR files of one flat part in rows, not compressed or by zlib. Source: "OpenEXR File Layout" and the
/// reference implementation's internal_zip.c for the two steps before zlib.
/// </summary>
internal static class ExrDepth
{
    private const int Zip = 3,
        RowsOfZip = 16,
        ChunkHeader = 8,
        OffsetBytes = 8;

    /// <summary>One byte of zlib's gives this many at most.</summary>
    private const int MostOfZlib = 1032;

    /// <summary>A chunk of the widest picture with some channels; more is made to fill the memory.</summary>
    private const long MostOfChunk = 1L << 29;

    /// <summary>
    /// The names of a channel of depth, the likeliest first. R is that of a grey picture in three channels.
    /// </summary>
    private static readonly string[] Names = ["Z", "depth", "D", "V", "Y", "R"];

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var header = ExrHeader.Read(bytes, name, limits);
        var channel = DepthOf(header, name);
        var rowsOfChunk = header.Compression == Zip ? RowsOfZip : 1;
        var chunks = (header.Height + rowsOfChunk - 1) / rowsOfChunk;
        var rowBytes = header.Channels.Sum(other => (long)header.Width * other.Type.Size);
        var before = header
            .Channels.TakeWhile(other => other != channel)
            .Sum(other => (long)header.Width * other.Type.Size);
        var at = header.End + (long)OffsetBytes * chunks;
        if (
            at > bytes.Length
            || rowBytes * header.Height / (header.Compression == 0 ? 1 : MostOfZlib) > bytes.Length - at
        )
        {
            throw Truncated(name);
        }

        if (rowBytes * rowsOfChunk > MostOfChunk)
        {
            throw new PictureException(
                name,
                $"a chunk of the EXR file has {rowBytes * rowsOfChunk} bytes; at most {MostOfChunk} are read."
            );
        }

        var values = new float[header.Width * header.Height];
        var seen = new HashSet<long>();
        // The chunks follow one another and say where they belong, so that the table of their offsets is not needed.
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            if (bytes.Length - at < ChunkHeader)
            {
                throw Truncated(name);
            }

            var top = (long)BinaryPrimitives.ReadInt32LittleEndian(bytes[(int)at..]) - header.Top;
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[((int)at + 4)..]);
            at += ChunkHeader;
            if (length < 0 || length > bytes.Length - at)
            {
                throw Truncated(name);
            }

            if (top < 0 || top >= header.Height || top % rowsOfChunk != 0 || !seen.Add(top))
            {
                throw new PictureException(
                    name,
                    $"the EXR file is damaged: row {top} of {header.Height} begins no chunk, or is there twice."
                );
            }

            var rows = (int)Math.Min(rowsOfChunk, header.Height - top);
            var data = Unpacked(bytes.Slice((int)at, length), rowBytes * rows, header.Compression, name);
            for (var row = 0; row < rows; row++)
            {
                channel
                    .Type.ReadAll(data[(int)(rowBytes * row + before)..], header.Width)
                    .CopyTo(values, (int)(top + row) * header.Width);
            }

            at += length;
        }

        return new DepthMap(header.Width, header.Height, values, channel.Type.IsWhole, name);
    }

    /// <summary>The channel of depth. A Z or Y beside an X in one layer is a part of a vector.</summary>
    private static ExrHeader.Channel DepthOf(ExrHeader header, string name)
    {
        var vectors = header
            .Channels.Where(channel => channel.Component == "X")
            .Select(channel => channel.Layer)
            .ToHashSet();
        return Names
                .SelectMany(known =>
                    header
                        .Channels.Where(channel =>
                            channel.Component.Equals(known, StringComparison.OrdinalIgnoreCase)
                            && !vectors.Contains(channel.Layer)
                        )
                        .OrderBy(channel => channel.Name.Length)
                )
                .FirstOrDefault()
            ?? (
                header.Channels.Count == 1
                    ? header.Channels[0]
                    : throw new PictureException(
                        name,
                        "the EXR file has the channels "
                            + $"{string.Join(", ", header.Channels.Select(channel => channel.Name).Take(20))}; "
                            + $"one that is called {string.Join(", ", Names[..^1])} or {Names[^1]} is needed."
                    )
            );
    }

    private static ReadOnlySpan<byte> Unpacked(ReadOnlySpan<byte> chunk, long expected, int compression, string name)
    {
        // What zlib would not make smaller is stored as it is.
        if (chunk.Length == expected)
        {
            return chunk;
        }

        if (compression == 0 || chunk.Length > expected)
        {
            throw new PictureException(
                name,
                $"the EXR file is damaged: a chunk has {chunk.Length} bytes instead of {expected}."
            );
        }

        using var packed = new MemoryStream(chunk.ToArray());
        return Interleaved(Summed(Inflation.Exactly(packed, expected, name, "EXR")));
    }

    /// <summary>Each byte is stored as the difference to the one before, around 128.</summary>
    private static byte[] Summed(byte[] differences)
    {
        for (var i = 1; i < differences.Length; i++)
        {
            differences[i] = (byte)(differences[i - 1] + differences[i] - 128);
        }

        return differences;
    }

    /// <summary>The bytes of even places are stored before those of odd ones.</summary>
    private static byte[] Interleaved(byte[] halves)
    {
        var bytes = new byte[halves.Length];
        var odd = (halves.Length + 1) / 2;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = halves[i / 2 + (i % 2 == 0 ? 0 : odd)];
        }

        return bytes;
    }

    private static PictureException Truncated(string name) =>
        new(name, "the EXR file is truncated: it ends before its last row.");
}
