using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>NumPy's array files, versions 1 to 3. Source: numpy.lib.format.</summary>
internal static partial class NpyDepth
{
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public static bool IsNpy(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        var (header, data) = Split(bytes, name);
        var type = Match(TypeField(), "descr");
        if (Match(OrderField(), "fortran_order") == "True")
        {
            throw new PictureException(name, "the array is stored in Fortran order; save it in C order (numpy.ascontiguousarray).");
        }

        var shapeText = Match(ShapeField(), "shape");
        long[] shape = [.. shapeText.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(size => long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1)];
        // One channel or one picture in front or behind is the same map.
        long[] sides = shape.Length == 3 && shape[0] == 1 ? shape[1..] : shape.Length == 3 && shape[2] == 1 ? shape[..2] : shape;
        if (sides.Length != 2)
        {
            throw new PictureException(name, $"the array has the shape ({shapeText}); (height, width) is needed.");
        }

        var (width, height) = DepthMapReader.Checked(sides[1], sides[0], name, limits);
        var size = type[1..] switch
        {
            "f4" => 4,
            "f8" => 8,
            "u2" => 2,
            _ => throw new PictureException(name, $"the array has the type {type}; float32 (f4), float64 (f8) and uint16 (u2) are read."),
        };
        if (data.Length != (long)width * height * size)
        {
            throw new PictureException(name, $"the file is {(data.Length < (long)width * height * size ? "truncated" : "damaged")}: {width} x {height} values of {size} bytes are {(long)width * height * size} bytes; it holds {data.Length}.");
        }

        return new DepthMap(width, height, Values(data, size, isBig: type[0] == '>', width * height), isWhole: size == 2, name);

        string Match(Regex field, string key) => field.Match(header) is { Success: true } match ? match.Groups["value"].Value
            : throw new PictureException(name, $"the NPY header has no usable '{key}': {header.Trim()}");
    }

    private static (string Header, byte[] Data) Split(ReadOnlySpan<byte> bytes, string name)
    {
        const int MaxHeader = 1 << 16;
        var version = bytes.Length > 6 ? bytes[6] : (byte)0;
        if (version is < 1 or > 3)
        {
            throw new PictureException(name, $"the NPY file has the version {version}; 1 to 3 are read.");
        }

        var start = version == 1 ? 10 : 12;
        if (bytes.Length < start)
        {
            throw new PictureException(name, "the NPY file is truncated: it ends in its header.");
        }

        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        return length > MaxHeader ? throw new PictureException(name, $"the NPY header claims {length} bytes; at most {MaxHeader} are read.")
            : length > bytes.Length - start ? throw new PictureException(name, "the NPY file is truncated: it ends in its header.")
            : (Encoding.UTF8.GetString(bytes.Slice(start, (int)length)), bytes[(start + (int)length)..].ToArray());
    }

    private static float[] Values(byte[] data, int size, bool isBig, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            var at = data.AsSpan(i * size, size);
            values[i] = (size, isBig) switch
            {
                (2, false) => BinaryPrimitives.ReadUInt16LittleEndian(at),
                (2, true) => BinaryPrimitives.ReadUInt16BigEndian(at),
                (4, false) => BinaryPrimitives.ReadSingleLittleEndian(at),
                (4, true) => BinaryPrimitives.ReadSingleBigEndian(at),
                (_, false) => (float)BinaryPrimitives.ReadDoubleLittleEndian(at),
                (_, true) => (float)BinaryPrimitives.ReadDoubleBigEndian(at),
            };
        }

        return values;
    }

    [GeneratedRegex(@"'descr'\s*:\s*'(?<value>[<>|=][a-zA-Z][0-9]{1,3})'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeField();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(?<value>True|False)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OrderField();

    [GeneratedRegex(@"'shape'\s*:\s*\((?<value>[0-9, ]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShapeField();
}
