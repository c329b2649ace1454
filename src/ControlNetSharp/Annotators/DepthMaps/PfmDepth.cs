using System.Globalization;
using System.Text;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// Portable float maps of one channel: three lines of text, then float32 rows from the bottom to the top. Source: Paul
/// Debevec, "PFM Portable FloatMap Image Format".
/// </summary>
internal static class PfmDepth
{
    private const int LongestToken = 32;

    /// <summary>Whether bytes begin like such a file, of one channel (Pf) or of three (PF).</summary>
    public static bool IsPfm(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 2 && (bytes.StartsWith("Pf"u8) || bytes.StartsWith("PF"u8)) && IsSpace(bytes[2]);

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        if (bytes[1] == (byte)'F')
        {
            throw new PictureException(name, "the PFM file has three channels (PF); one (Pf) is read.");
        }

        var at = 2;
        var (width, height) = limits.CheckedSize(Size(Token(bytes, ref at)), Size(Token(bytes, ref at)), name);
        var scale = Token(bytes, ref at);
        if (
            !float.TryParse(scale, NumberStyles.Float, CultureInfo.InvariantCulture, out var order)
            || order is 0 or float.NaN
        )
        {
            throw new PictureException(
                name,
                $"the PFM header has the scale '{scale}'; a number below or above 0 is needed."
            );
        }

        // One white space ends the header; what follows may look like another.
        var data = at < bytes.Length ? bytes[(at + 1)..] : [];
        var type = new SampleType('f', sizeof(float), IsBig: order > 0);
        var expected = (long)width * height * type.Size;
        if (data.Length < expected)
        {
            throw new PictureException(
                name,
                $"the PFM file is truncated: its pixels end after {data.Length} of {expected} bytes."
            );
        }

        var values = new float[width * height];
        for (var y = 0; y < height; y++)
        {
            type.ReadAll(data[(y * width * type.Size)..], width).CopyTo(values, (height - 1 - y) * width);
        }

        return new DepthMap(width, height, values, isWhole: false, name);
    }

    private static long Size(string token) =>
        long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : -1;

    private static string Token(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length && IsSpace(bytes[at]))
        {
            at++;
        }

        var start = at;
        while (at < bytes.Length && at < start + LongestToken && !IsSpace(bytes[at]))
        {
            at++;
        }

        return Encoding.Latin1.GetString(bytes[start..at]);
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}
