using System.Buffers.Binary;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The EXIF data of a picture: a TIFF file without pixels, whose directories have values by tag. Lengths and offsets
/// are compared with the file; what points out of it is not there. Sources: Exif 2.32, section 4.6; TIFF 6.0, section
/// 2.
/// </summary>
internal readonly ref struct ExifData
{
    /// <summary>Tags of the first directory.</summary>
    public const ushort ImageDescription = 0x010E,
        Orientation = 0x0112;

    /// <summary>Tag of EXIF's own directory.</summary>
    public const ushort UserComment = 0x9286;

    private const ushort OwnDirectory = 0x8769;
    private const int HeadBytes = 8,
        EntryBytes = 12,
        InlineBytes = 4;

    private readonly ReadOnlySpan<byte> _tiff;

    private ExifData(ReadOnlySpan<byte> tiff)
    {
        IsLittleEndian = tiff.StartsWith("II*\0"u8);
        _tiff = tiff.Length >= HeadBytes && (IsLittleEndian || tiff.StartsWith("MM\0*"u8)) ? tiff : default;
    }

    /// <summary>The byte order of its numbers.</summary>
    public bool IsLittleEndian { get; }

    /// <summary>The data of a JPEG, PNG or WebP file, without values where the file has none.</summary>
    public static ExifData Of(ReadOnlySpan<byte> file)
    {
        var name = "Exif\0\0"u8;
        var data =
            file.StartsWith(PngFormat.Signature) ? PictureChunks.InPng(file, "eXIf"u8)
            : file.StartsWith("RIFF"u8) ? PictureChunks.InRiff(file, "EXIF"u8)
            : PictureChunks.InJpeg(file, marker: 0xE1, name);
        // JPEG's name for it stands before the data of other formats where a program took both over.
        return new(data.StartsWith(name) ? data[name.Length..] : data);
    }

    /// <summary>The bytes of a value in the first directory or in EXIF's own; empty where there is none.</summary>
    public ReadOnlySpan<byte> Bytes(ushort tag)
    {
        if (_tiff.IsEmpty)
        {
            return default;
        }

        var first = UInt32(_tiff[4..]);
        var own = Find(first, OwnDirectory);
        // A few programs write everything into the first directory.
        return own.Length >= 4 && Find(UInt32(own), tag) is { IsEmpty: false } value ? value : Find(first, tag);
    }

    /// <summary>The first number of a value; null where there is none.</summary>
    public int? Number(ushort tag) =>
        Bytes(tag) switch
        {
            { Length: 2 or 3 } bytes => UInt16(bytes),
            { Length: >= 4 } bytes => (int)Math.Min(int.MaxValue, UInt32(bytes)),
            _ => null,
        };

    private ReadOnlySpan<byte> Find(uint directory, ushort tag)
    {
        if (directory > _tiff.Length - 2)
        {
            return default;
        }

        var entries = _tiff[(int)directory..];
        var count = UInt16(entries);
        for (var at = 2; count > 0 && at + EntryBytes <= entries.Length; count--, at += EntryBytes)
        {
            var entry = entries.Slice(at, EntryBytes);
            if (UInt16(entry) == tag)
            {
                return Value(entry);
            }
        }

        return default;
    }

    private ReadOnlySpan<byte> Value(ReadOnlySpan<byte> entry)
    {
        var size = UInt16(entry[2..]) switch
        {
            3 or 8 => 2,
            4 or 9 or 11 or 13 => 4,
            5 or 10 or 12 => 8,
            _ => 1L,
        };
        var length = UInt32(entry[4..]) * size;
        if (length <= InlineBytes)
        {
            return entry.Slice(8, (int)length);
        }

        var offset = UInt32(entry[8..]);
        return offset + length <= _tiff.Length ? _tiff.Slice((int)offset, (int)length) : default;
    }

    private ushort UInt16(ReadOnlySpan<byte> bytes) =>
        IsLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private uint UInt32(ReadOnlySpan<byte> bytes) =>
        IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
