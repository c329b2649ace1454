using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>Reading, greys and resizing against the numbers of the original (OpenCV 4.6).</summary>
public partial class PictureGoldenTests
{
    private const string JsonName = "annot.json";
    private const string ArraysName = "annot_arrays.safetensors";

    public static TheoryData<string> Grey => Goldens.Files("annot/gray_*.png");

    public static TheoryData<string> Hwc3 => Goldens.Files("annot/hwc3_*.png");

    public static TheoryData<string> Resized => Goldens.Files("annot/resize_*.png");

    /// <summary>The names of all plain resizes: type, mode and size.</summary>
    public static TheoryData<string> PlainResizes()
    {
        if (!File.Exists(Goldens.PathOf(ArraysName)))
        {
            return [""];
        }

        using var golden = Goldens.Open(ArraysName);
        string[] names = [.. golden.Entries.Keys.Where(name => PlainResize().IsMatch(name)).Order(StringComparer.Ordinal)];
        return names.Length > 0 ? [.. names] : [""];
    }

    [Theory]
    [MemberData(nameof(Hwc3))]
    public void Read_OfGreyOrTransparentPictures_GivesTheOriginalsRgb(string file)
    {
        var expected = PictureReader.Read(Goldens.Require(file));
        PictureAssert.WithinLevels(expected, PictureReader.Read(Goldens.Require(Source(file, "hwc3_"))), 0, file);
    }

    [Theory]
    [MemberData(nameof(Grey))]
    public void Greyscale_OfAPicture_IsOpenCvs(string file)
    {
        var expected = PictureReader.Read(Goldens.Require(file));
        var grey = Greyscale.Of(PictureReader.Read(Goldens.Require(Source(file, "gray_"))));
        PictureAssert.WithinLevels(expected, TestPictures.Of(expected.Width, expected.Height, (x, y) => (grey[y * expected.Width + x], grey[y * expected.Width + x], grey[y * expected.Width + x])), 0, file);
    }

    [Theory]
    [MemberData(nameof(Resized))]
    public void ToResolution_OfTheGoldensPictures_GivesTheOriginalsResult(string file)
    {
        var expected = PictureReader.Read(Goldens.Require(file));
        var parts = Path.GetFileNameWithoutExtension(file).Split('_');
        var picture = PictureReader.Read(Goldens.Require($"annot/pic_{parts[1]}.png"));
        PictureAssert.WithinLevels(expected, PictureResizing.ToResolution(picture, int.Parse(parts[2], CultureInfo.InvariantCulture)), 1, file);
    }

    [Fact]
    public void SizeForResolution_FollowsTheOriginalsRule()
    {
        foreach (var row in Goldens.Part(JsonName, "resize_sizes").GetProperty("rows").EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetInt32()).ToArray()))
        {
            var (height, width, resolution) = (row[0], row[1], row[2]);
            Assert.True((row[4], row[3]) == PictureResizing.SizeForResolution(width, height, resolution), $"{width}x{height} at {resolution}: {PictureResizing.SizeForResolution(width, height, resolution)}, expected {row[4]}x{row[3]}");
        }
    }

    [Theory]
    [MemberData(nameof(PlainResizes))]
    public void Resize_InEveryMode_GivesOpenCvsNumbers(string name)
    {
        Goldens.Require(ArraysName);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(ArraysName);
        golden.Required(name).Dispose();
        var match = PlainResize().Match(name);
        var mode = Enum.Parse<Interpolation>(match.Groups["mode"].Value, ignoreCase: true);
        var isFloat = match.Groups["type"].Value == "f32";
        var (expected, input) = (golden[name], golden[isFloat ? "cvresize/in_f32" : "cvresize/in"]);
        var (sourceHeight, sourceWidth) = ((int)input.shape[0], (int)input.shape[1]);
        var factor = match.Groups["factor"].Value is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : (double?)null;
        var (columns, rows) = factor is { } f ? (ResamplingAxis.By(sourceWidth, f), ResamplingAxis.By(sourceHeight, f))
            : (ResamplingAxis.To(sourceWidth, (int)expected.shape[1]), ResamplingAxis.To(sourceHeight, (int)expected.shape[0]));
        var actual = isFloat ? tensor(Resampling.Resize(input.data<float>().ToArray(), 1, columns, rows, mode)).reshape(rows.NewLength, columns.NewLength)
            : tensor(Resampling.Resize(input.data<byte>().ToArray(), 3, columns, rows, mode)).reshape(rows.NewLength, columns.NewLength, 3);
        if (match.Groups["top"].Success)
        {
            actual = actual[..(int)expected.shape[0], ..(int)expected.shape[1]];
        }

        Goldens.AssertClose(expected, actual, isFloat ? 1e-4 : mode == Interpolation.Nearest ? 0 : 1, name);
    }

    private static string Source(string file, string prefix) => file.Replace(prefix, "pic_", StringComparison.Ordinal);

    [GeneratedRegex(@"^cvresize/(?<type>u8|f32)_(?<mode>[a-z0-9]+)_(\d+x\d+|fx(?<factor>[0-9.]+)(?<top>_top\d+)?)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlainResize();
}
