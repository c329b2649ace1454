using System.Buffers.Binary;
using System.Text;

namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// The entries of a zip archive and where their bytes lie. <see cref="System.IO.Compression.ZipArchive"/> does not tell
/// the place, and a checkpoint's entries, which are stored and not packed,
/// are to be read from the memory map. Every size and offset is taken for hostile. Source: PKWARE APPNOTE.TXT 6.3.10,
/// sections 4.3 to 4.5.
/// </summary>
internal static class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const int EndLength = 22;
    private const int LongestDirectory = 1 << 26;

    /// <summary>The bytes of every entry, by name.</summary>
    /// <exception cref="CheckpointException">
    /// The archive is damaged, its sizes do not fit the file, or it uses what checkpoints never use.
    /// </exception>
    public static Dictionary<string, StoredBytes> Read(MappedFile file)
    {
        var (count, offset, length) = FindDirectory(file);
        if (
            offset < 0
            || length < 0
            || offset > file.Length - length
            || length > LongestDirectory
            || count < 0
            || count > length / 46
        )
        {
            throw Damaged(
                file,
                $"its directory should have {count} entries in {length} bytes at {offset}; the file has {file.Length} "
                    + "bytes"
            );
        }

        var directory = file.Bytes(offset, (int)length);
        var entries = new Dictionary<string, StoredBytes>(StringComparer.Ordinal);
        for (var i = 0L; i < count; i++)
        {
            if (directory.Length < 46 || BinaryPrimitives.ReadUInt32LittleEndian(directory) != CentralSignature)
            {
                throw Damaged(file, $"entry {i} of {count} is not where its directory should have it");
            }

            var (nameLength, extraLength, commentLength) = (
                Short(directory, 28),
                Short(directory, 30),
                Short(directory, 32)
            );
            var whole = 46 + nameLength + extraLength + commentLength;
            if (directory.Length < whole)
            {
                throw Damaged(file, $"entry {i} of {count} is cut off");
            }

            var name = Encoding.UTF8.GetString(directory.Slice(46, nameLength));
            var bytes = Entry(
                file,
                name,
                directory[..46],
                directory.Slice(46, nameLength),
                directory.Slice(46 + nameLength, extraLength),
                offset
            );
            if (!entries.TryAdd(name, bytes))
            {
                throw Damaged(file, $"the entry '{name}' is there twice");
            }

            directory = directory[whole..];
        }

        return entries;
    }

    private static StoredBytes Entry(
        MappedFile file,
        string name,
        ReadOnlySpan<byte> header,
        ReadOnlySpan<byte> nameBytes,
        ReadOnlySpan<byte> extra,
        long end
    )
    {
        var (flags, method) = (Short(header, 8), Short(header, 10));
        var (compressed, length, begin) = ((long)Int(header, 20), (long)Int(header, 24), (long)Int(header, 42));
        ReadZip64(extra, ref length, ref compressed, ref begin);
        if ((flags & 1) != 0 || method is not (0 or 8))
        {
            throw Damaged(
                file,
                $"the entry '{name}' is {((flags & 1) != 0 ? "encrypted" : $"packed with method {method}")}; entries "
                    + "may be stored (0) or deflated (8)"
            );
        }

        if (
            begin < 0
            || compressed < 0
            || length < 0
            || begin > end - 30
            || Int(file.Bytes(begin, 30), 0) != LocalSignature
        )
        {
            throw Damaged(file, $"the entry '{name}' is not at {begin}");
        }

        var local = file.Bytes(begin, 30);
        var data = begin + 30 + Short(local, 26) + Short(local, 28);
        if (
            data > end
            || compressed > end - data
            || Short(local, 26) != nameBytes.Length
            || !file.Bytes(begin + 30, nameBytes.Length).SequenceEqual(nameBytes)
        )
        {
            throw Damaged(file, $"the entry '{name}' should take {compressed} bytes at {data}, which it does not");
        }

        // One byte of deflated data gives 1032 at most.
        if (method == 0 ? length != compressed : length / 1032 > compressed)
        {
            throw Damaged(file, $"the entry '{name}' should have {length} bytes, in {compressed} of the file");
        }

        return method == 0
            ? new MappedBytes(file, data, length)
            : new DeflatedBytes(file, name, data, compressed, length);
    }

    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long length, ref long compressed, ref long begin)
    {
        while (extra.Length >= 4 && Short(extra, 2) is var size && extra.Length >= 4 + size)
        {
            if (Short(extra, 0) == 1)
            {
                var fields = extra.Slice(4, size);
                Widen(ref length, ref fields);
                Widen(ref compressed, ref fields);
                Widen(ref begin, ref fields);
                return;
            }

            extra = extra[(4 + size)..];
        }

        static void Widen(ref long value, ref ReadOnlySpan<byte> fields)
        {
            if (value == uint.MaxValue && fields.Length >= 8)
            {
                value = BinaryPrimitives.ReadInt64LittleEndian(fields);
                fields = fields[8..];
            }
        }
    }

    private static (long Count, long Offset, long Length) FindDirectory(MappedFile file)
    {
        var tailLength = (int)Math.Min(file.Length, EndLength + ushort.MaxValue);
        var tail = file.Bytes(file.Length - tailLength, tailLength);
        for (var at = tailLength - EndLength; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) != EndSignature)
            {
                continue;
            }

            var end = tail[at..];
            if (Int(end, 16) != uint.MaxValue && Int(end, 12) != uint.MaxValue && Short(end, 10) != ushort.MaxValue)
            {
                return (Short(end, 10), Int(end, 16), Int(end, 12));
            }

            var locator = file.Length - tailLength + at - 20;
            if (locator < 0 || Int(file.Bytes(locator, 20), 0) != Locator64Signature)
            {
                return (Short(end, 10), Int(end, 16), Int(end, 12));
            }

            var end64 = BinaryPrimitives.ReadInt64LittleEndian(file.Bytes(locator, 20)[8..]);
            if (end64 < 0 || end64 > file.Length - 56 || Int(file.Bytes(end64, 56), 0) != End64Signature)
            {
                throw Damaged(file, $"its directory is not at {end64}");
            }

            var wide = file.Bytes(end64, 56);
            return (
                BinaryPrimitives.ReadInt64LittleEndian(wide[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(wide[48..]),
                BinaryPrimitives.ReadInt64LittleEndian(wide[40..])
            );
        }

        throw Damaged(file, "its directory, which is at the end, is missing (is the file truncated?)");
    }

    private static int Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static CheckpointException Damaged(MappedFile file, string reason) =>
        new(file.Path, $"the zip archive is damaged: {reason}.");
}
