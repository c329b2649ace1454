using System.Text;

namespace ControlNetSharp.Pictures;

/// <summary>Tells picture formats by their first bytes, never by the file's name.</summary>
internal static class PictureSignature
{
    /// <summary>So far into a text one looks for what kind of markup it is.</summary>
    private const int MarkupBytes = 4096;

    /// <summary>Names with the bytes, as Latin-1, that files have at an offset; the first that fits counts.</summary>
    private static readonly (string Name, int Offset, string Bytes)[] ForeignSignatures =
    [
        ("an AVIF picture", 4, "ftypavif"),
        ("an AVIF picture", 4, "ftypavis"),
        ("a HEIC picture", 4, "ftyphei"),
        ("a HEIC picture", 4, "ftyphev"),
        ("a HEIC picture", 4, "ftypmif1"),
        ("a HEIC picture", 4, "ftypmsf1"),
        ("a camera's raw picture (CR3)", 4, "ftypcrx"),
        ("a JPEG 2000 picture", 4, "ftypjp2"),
        ("a JPEG XL picture", 4, "ftypjxl"),
        ("a film (MP4)", 4, "ftyp"),
        ("a JPEG 2000 picture", 0, "\0\0\0\u000CjP  \r\n\u0087\n"),
        ("a JPEG 2000 picture", 0, "\u00FF\u004F\u00FF\u0051"),
        ("a JPEG XL picture", 0, "\0\0\0\u000CJXL \r\n\u0087\n"),
        ("a JPEG XL picture", 0, "\u00FF\n"),
        ("a JPEG XR picture", 0, "II\u00BC\u0001"),
        ("a camera's raw picture (CR2)", 8, "CR\u0002\0"),
        ("a camera's raw picture (RAF)", 0, "FUJIFILMCCD-RAW"),
        ("a TIFF picture", 0, "II*\0"),
        ("a TIFF picture", 0, "MM\0*"),
        ("a TIFF picture", 0, "II+\0"),
        ("a TIFF picture", 0, "MM\0+"),
        ("a PFM picture", 0, "PF\n"),
        ("a PFM picture", 0, "Pf\n"),
        ("a PFM picture", 0, "PF\r"),
        ("a PFM picture", 0, "Pf\r"),
        ("a PFM picture", 0, "PF "),
        ("a PFM picture", 0, "Pf "),
        .. from kind in "1234567"
        from space in " \n\r\t"
        select ("a PNM picture (PBM, PGM, PPM, PAM)", 0, $"P{kind}{space}"),
        ("an OpenEXR picture", 0, "v/1\u0001"),
        ("a Radiance HDR picture", 0, "#?RADIANCE"),
        ("a Radiance HDR picture", 0, "#?RGBE"),
        ("a Photoshop file (PSD)", 0, "8BPS"),
        ("a GIMP file (XCF)", 0, "gimp xcf"),
        ("a PDF document", 0, "%PDF"),
        ("a PostScript file", 0, "%!PS"),
        ("an icon (ICO)", 0, "\0\0\u0001\0"),
        ("an icon (ICNS)", 0, "icns"),
        ("a DDS texture", 0, "DDS "),
        ("a KTX texture", 0, "\u00ABKTX "),
        ("a QOI picture", 0, "qoif"),
        ("an FLIF picture", 0, "FLIF"),
        ("a BPG picture", 0, "BPG\u00FB"),
        ("a DICOM file", 128, "DICM"),
        ("a MNG picture", 0, "\u008AMNG"),
        ("a NumPy array", 0, "\u0093NUMPY"),
        ("a film (AVI)", 8, "AVI "),
        ("a film (MKV, WebM)", 0, "\u001AE\u00DF\u00A3"),
        ("a ZIP archive (as NPZ, KRA and ORA files are)", 0, "PK\u0003\u0004"),
        ("a gzip archive", 0, "\u001F\u008B"),
        ("a 7z archive", 0, "7z\u00BC\u00AF"),
        ("a RAR archive", 0, "Rar!\u001A"),
    ];

    /// <summary>PNG, JPEG, WebP, GIF, BMP, or null for anything else.</summary>
    public static string? FormatOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(PngFormat.Signature) ? "PNG"
        : bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "JPEG"
        : bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..12].SequenceEqual("WEBP"u8) ? "WebP"
        : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? "GIF"
        : bytes.StartsWith("BM"u8) && bytes.Length >= 26 && bytes[6..10].SequenceEqual("\0\0\0\0"u8) ? "BMP"
        : null;

    /// <summary>
    /// Why bytes without a known signature are no picture, in words for the person who named the file.
    /// </summary>
    public static string WhyNot(ReadOnlySpan<byte> bytes)
    {
        const string Allowed = "PNG, JPEG, WebP, GIF and BMP are read.";
        if (bytes.IsEmpty)
        {
            return "the file is empty.";
        }

        var start = bytes[..Math.Min(bytes.Length, 16)];
        if (
            bytes.Length < 12
            && (
                PngFormat.Signature.StartsWith(start)
                || ((ReadOnlySpan<byte>)[0xFF, 0xD8]).StartsWith(start)
                || "RIFF"u8.StartsWith(start[..Math.Min(4, start.Length)])
            )
        )
        {
            return $"the file is truncated: it has only {bytes.Length} bytes.";
        }

        return Foreign(bytes) is { } known ? $"is {known}, which is not read as a picture. {Allowed}"
            : LooksLikeText(bytes)
                ? "is a text file, not a picture (it begins with "
                    + $"\"{Encoding.UTF8.GetString(start).ReplaceLineEndings(" ")}\"). {Allowed}"
            : $"is not a picture of a known format (it begins with the bytes {Convert.ToHexString(start)}). {Allowed}";
    }

    /// <summary>What a file is that people take for a picture, or have as one; null where it cannot be told.</summary>
    private static string? Foreign(ReadOnlySpan<byte> bytes)
    {
        foreach (var (name, offset, signature) in ForeignSignatures)
        {
            if (bytes.Length >= offset && bytes[offset..].StartsWith(Encoding.Latin1.GetBytes(signature)))
            {
                return name;
            }
        }

        return LooksLikeText(bytes)
            ? ForeignText(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MarkupBytes)]))
            : null;
    }

    private static string? ForeignText(string start) =>
        start.Contains("<svg", StringComparison.OrdinalIgnoreCase) ? "an SVG drawing"
        : start.Contains("<html", StringComparison.OrdinalIgnoreCase)
        || start.Contains("<!doctype html", StringComparison.OrdinalIgnoreCase)
            ? "a web page"
        : null;

    private static bool LooksLikeText(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes[..Math.Min(bytes.Length, 512)])
        {
            if (value is < 0x20 and not (byte)'\t' and not (byte)'\n' and not (byte)'\r' and not 0x1B or 0x7F)
            {
                return false;
            }
        }

        return true;
    }
}
