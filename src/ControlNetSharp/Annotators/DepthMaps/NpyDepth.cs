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
        var header = Header(bytes, name, out var start);
        var data = bytes[start..];
        var descr = Match(TypeField(), "descr");
        var type = new SampleType(descr[1], int.Parse(descr[2..], CultureInfo.InvariantCulture), descr[0] == '>');
        var shapeText = Match(ShapeField(), "shape");
        var sides = Sides([
            .. shapeText
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(side =>
                    long.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1
                ),
        ]);
        if (sides.Length != 2)
        {
            throw new PictureException(name, $"the array has the shape ({shapeText}); (height, width) is needed.");
        }

        var (width, height) = limits.CheckedSize(sides[1], sides[0], name);
        if (!type.IsKnown)
        {
            throw new PictureException(name, $"the array has the type {descr}; {SampleType.Known} are read.");
        }

        var expected = (long)width * height * type.Size;
        if (data.Length != expected)
        {
            throw new PictureException(
                name,
                $"the file is {(data.Length < expected ? "truncated" : "damaged")}: {width} x {height} values of "
                    + $"{type.Size} bytes are {expected} bytes; it holds {data.Length}."
            );
        }

        var values = type.ReadAll(data, width * height);
        var isByColumn = Match(OrderField(), "fortran_order") == "True";
        return new DepthMap(width, height, isByColumn ? Transposed(values, width, height) : values, type.IsWhole, name);

        string Match(Regex field, string key) =>
            field.Match(header) is { Success: true } match
                ? match.Groups["value"].Value
                : throw new PictureException(name, $"the NPY header has no usable '{key}': {header.Trim()}");
    }

    /// <summary>
    /// Height and width: channels or pictures of which there is one, in front or behind, are left out.
    /// </summary>
    private static long[] Sides(long[] shape)
    {
        while (shape.Length > 2 && shape[0] == 1)
        {
            shape = shape[1..];
        }

        while (shape.Length > 2 && shape[^1] == 1)
        {
            shape = shape[..^1];
        }

        return shape;
    }

    private static string Header(ReadOnlySpan<byte> bytes, string name, out int end)
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

        long length =
            version == 1
                ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..])
                : BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (length > MaxHeader)
        {
            throw new PictureException(name, $"the NPY header claims {length} bytes; at most {MaxHeader} are read.");
        }

        end = start + (int)length;
        return end <= bytes.Length
            ? Encoding.UTF8.GetString(bytes[start..end])
            : throw new PictureException(name, "the NPY file is truncated: it ends in its header.");
    }

    private static float[] Transposed(float[] columns, int width, int height)
    {
        var rows = new float[columns.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                rows[y * width + x] = columns[x * height + y];
            }
        }

        return rows;
    }

    [GeneratedRegex(@"'descr'\s*:\s*'(?<value>[<>|=][a-zA-Z][0-9]{1,3})'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeField();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(?<value>True|False)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OrderField();

    [GeneratedRegex(@"'shape'\s*:\s*\((?<value>[0-9, ]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShapeField();
}
