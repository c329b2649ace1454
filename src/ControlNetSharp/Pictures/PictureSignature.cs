using System.Text;

namespace ControlNetSharp.Pictures;

/// <summary>Tells picture formats by their first bytes, never by the file's name.</summary>
internal static class PictureSignature
{
    /// <summary>PNG, JPEG, WebP, GIF, BMP, or null for anything else.</summary>
    public static string? FormatOf(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(PngFormat.Signature) ? "PNG"
        : bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "JPEG"
        : bytes.StartsWith("RIFF"u8) && bytes.Length >= 12 && bytes[8..12].SequenceEqual("WEBP"u8) ? "WebP"
        : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? "GIF"
        : bytes.StartsWith("BM"u8) && bytes.Length >= 26 && bytes[6..10].SequenceEqual("\0\0\0\0"u8) ? "BMP"
        : null;

    /// <summary>Why bytes without a known signature are no picture, in words for the person who named the file.</summary>
    public static string WhyNot(ReadOnlySpan<byte> bytes)
    {
        const string Allowed = "PNG, JPEG, WebP, GIF and BMP are read.";
        if (bytes.IsEmpty)
        {
            return "the file is empty.";
        }

        var start = bytes[..Math.Min(bytes.Length, 16)];
        if (bytes.Length < 12 && (PngFormat.Signature.StartsWith(start) || ((ReadOnlySpan<byte>)[0xFF, 0xD8]).StartsWith(start) || "RIFF"u8.StartsWith(start[..Math.Min(4, start.Length)])))
        {
            return $"the file is truncated: it has only {bytes.Length} bytes.";
        }

        return LooksLikeText(bytes)
            ? $"is a text file, not a picture (it begins with \"{Encoding.UTF8.GetString(start).ReplaceLineEndings(" ")}\"). {Allowed}"
            : $"is not a picture of a known format (it begins with the bytes {Convert.ToHexString(start)}). {Allowed}";
    }

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
