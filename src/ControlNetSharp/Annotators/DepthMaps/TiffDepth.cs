using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// TIFF files of one channel in strips that are not compressed or deflated. Only the first picture is read. Source:
/// TIFF 6.0; Adobe Photoshop TIFF technical notes (deflate).
/// </summary>
internal static class TiffDepth
{
    private const string Supported =
        "one channel of " + SampleType.Known + " in strips, not compressed or deflated, without predictor";
    private const int Width = 256,
        Height = 257,
        Bits = 258,
        Compression = 259,
        StripOffsets = 273,
        Samples = 277,
        RowsPerStrip = 278,
        StripBytes = 279,
        Predictor = 317,
        TileWidth = 322,
        Format = 339;

    public static bool IsTiff(ReadOnlySpan<byte> bytes) => bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8);

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var file = new Source(bytes.ToArray(), bytes[0] == (byte)'I', name);
        var tags = ReadDirectory(file);
        var (width, height) = limits.CheckedSize(One(Width, 0), One(Height, 0), name);
        if (One(Samples, 1) != 1 || tags.ContainsKey(TileWidth) || One(Predictor, 1) != 1)
        {
            var tiles = tags.ContainsKey(TileWidth) ? ", tiles" : "";
            var predictor = One(Predictor, 1) == 1 ? "" : ", a predictor";
            throw new PictureException(
                name,
                $"the TIFF has {One(Samples, 1)} channels{tiles}{predictor}; {Supported} is read."
            );
        }

        var letter = One(Format, 1) switch
        {
            1 => 'u',
            2 => 'i',
            3 => 'f',
            _ => '?',
        };
        var type = new SampleType(letter, (int)One(Bits, 1) / 8, !file.IsLittle);
        if (!type.IsKnown || One(Bits, 1) % 8 != 0)
        {
            throw new PictureException(
                name,
                $"the TIFF has samples of {One(Bits, 1)} bits and the format {One(Format, 1)}; {Supported} is read."
            );
        }

        var rowsPerStrip = (int)Math.Clamp(One(RowsPerStrip, height), 1, height);
        var data = ReadStrips(file, tags, (long)width * type.Size, height, One(Compression, 1), rowsPerStrip);
        return new DepthMap(width, height, type.ReadAll(data, width * height), type.IsWhole, name);

        long One(int tag, long absent) => tags.TryGetValue(tag, out var found) ? found[0] : absent;
    }

    /// <summary>The values of whole-number tags of the first directory.</summary>
    private static Dictionary<int, long[]> ReadDirectory(Source file)
    {
        const int EntryBytes = 12;
        var tags = new Dictionary<int, long[]>();
        var at = file.Long(4);
        var count = file.Short(at);
        for (var entry = 0; entry < count; entry++)
        {
            var start = at + 2 + EntryBytes * entry;
            var (tag, type, values) = (file.Short(start), file.Short(start + 2), file.Long(start + 4));
            var size = type switch
            {
                3 => 2,
                4 => 4,
                _ => 0,
            };
            if (size == 0 || values == 0)
            {
                continue;
            }

            var from = values * size <= 4 ? start + 8 : file.Long(start + 8);
            file.Require(from, values * size);
            tags[tag] =
            [
                .. Enumerable
                    .Range(0, (int)values)
                    .Select(i => size == 2 ? file.Short(from + 2 * i) : file.Long(from + 4L * i)),
            ];
        }

        return tags;
    }

    private static byte[] ReadStrips(
        Source file,
        Dictionary<int, long[]> tags,
        long rowBytes,
        int height,
        long compression,
        int rowsPerStrip
    )
    {
        const int None = 1,
            Deflate = 8,
            OldDeflate = 32946;
        if (compression is not (None or Deflate or OldDeflate))
        {
            throw new PictureException(file.Name, $"the TIFF has the compression {compression}; {Supported} is read.");
        }

        var strips = (height + rowsPerStrip - 1) / rowsPerStrip;
        if (
            !tags.TryGetValue(StripOffsets, out var offsets)
            || !tags.TryGetValue(StripBytes, out var lengths)
            || offsets.Length != strips
            || lengths.Length != strips
        )
        {
            throw new PictureException(file.Name, $"the TIFF file is damaged: {strips} strips are needed.");
        }

        using var data = new MemoryStream();
        for (var strip = 0; strip < strips; strip++)
        {
            var expected = rowBytes * Math.Min(rowsPerStrip, height - strip * rowsPerStrip);
            file.Require(offsets[strip], lengths[strip]);
            if (compression == None && lengths[strip] < expected)
            {
                throw new PictureException(
                    file.Name,
                    $"the TIFF file is truncated: strip {strip} has {lengths[strip]} of {expected} bytes."
                );
            }

            using var packed = new MemoryStream(file.Bytes, (int)offsets[strip], (int)lengths[strip]);
            data.Write(
                compression == None
                    ? file.Bytes.AsSpan((int)offsets[strip], (int)expected)
                    : Inflation.Exactly(packed, expected, file.Name, "TIFF")
            );
        }

        return data.ToArray();
    }

    /// <summary>The bytes of the file in its own order; nothing outside of it is read.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Source(byte[] Bytes, bool IsLittle, string Name)
    {
        public void Require(long at, long length)
        {
            if (at < 0 || length < 0 || at > Bytes.Length - length)
            {
                throw new PictureException(
                    Name,
                    $"the TIFF file is truncated or damaged: it has {Bytes.Length} bytes, and {length} at byte {at} "
                        + "are needed."
                );
            }
        }

        public int Short(long at)
        {
            Require(at, 2);
            var span = Bytes.AsSpan((int)at);
            return IsLittle
                ? BinaryPrimitives.ReadUInt16LittleEndian(span)
                : BinaryPrimitives.ReadUInt16BigEndian(span);
        }

        public long Long(long at)
        {
            Require(at, 4);
            var span = Bytes.AsSpan((int)at);
            return IsLittle
                ? BinaryPrimitives.ReadUInt32LittleEndian(span)
                : BinaryPrimitives.ReadUInt32BigEndian(span);
        }
    }
}
