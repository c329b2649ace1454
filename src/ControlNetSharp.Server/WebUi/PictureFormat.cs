using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// The formats of option <c>samples_format</c>. A PNG keeps its texts; the others have how the picture was made as
/// EXIF's UserComment. Source: stable-diffusion-webui v1.10.1, images.py (behaviour).
/// </summary>
internal static class PictureFormat
{
    private const int MostExif = 65_000;

    private static readonly (string Name, Func<Picture, int, byte[]> Encode)[] Rows =
    [
        ("png", (picture, _) => PictureWriter.EncodePng(picture)),
        ("jpg", PictureWriter.EncodeJpeg),
        ("jpeg", PictureWriter.EncodeJpeg),
        ("webp", PictureWriter.EncodeWebP),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<string> Names => Rows.Select(row => row.Name);

    /// <summary>A name in lower case; null where there is no such format.</summary>
    public static string? Find(string name) =>
        Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A PNG in another format.</summary>
    /// <param name="png">The file with its texts.</param>
    /// <param name="format">A name of a format.</param>
    /// <param name="quality">1 to 100, of those that lose something.</param>
    public static byte[] Of(byte[] png, string format, int quality)
    {
        if (format == "png")
        {
            return png;
        }

        var source = PictureSource.FromBytes(png);
        var encoded = Rows.First(row => row.Name == format).Encode(source.Read(), quality);
        var parameters = PictureTexts.Read(png).Parameters;
        return parameters is null || format == "webp" || Exif(parameters) is not { Length: < MostExif } exif
            ? encoded
            : WithSegment(encoded, exif);
    }

    private static byte[] WithSegment(byte[] jpeg, byte[] exif)
    {
        const int marker = 2;
        Span<byte> head = [0xFF, 0xE1, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)(exif.Length + 2));
        return [.. jpeg[..marker], .. head, .. exif, .. jpeg[marker..]];
    }

    /// <summary>Two directories of one entry each: the second has the comment, in UTF-16. Source: Exif 2.32.</summary>
    private static byte[] Exif(string comment)
    {
        byte[] text = [.. "UNICODE\0"u8, .. Encoding.BigEndianUnicode.GetBytes(comment)];
        using var bytes = new MemoryStream();
        bytes.Write("Exif\0\0MM\0*"u8);
        Write32(8);
        WriteDirectory(0x8769, 4, 1, 26);
        WriteDirectory(0x9286, 7, text.Length, 44);
        bytes.Write(text);
        return bytes.ToArray();

        void WriteDirectory(int tag, int type, int count, int value)
        {
            Write16(1);
            Write16(tag);
            Write16(type);
            Write32(count);
            Write32(value);
            Write32(0);
        }

        void Write16(int value) => bytes.Write([(byte)(value >> 8), (byte)value]);

        void Write32(int value)
        {
            Write16(value >> 16);
            Write16(value & 0xFFFF);
        }
    }
}
