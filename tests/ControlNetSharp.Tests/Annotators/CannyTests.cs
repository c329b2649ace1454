using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class CannyTests
{
    private const string JsonName = "annot.json";
    private const string GreyPrefix = "gray_";

    /// <summary>Picture and setting of every golden case.</summary>
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        if (!File.Exists(Goldens.PathOf(JsonName)))
        {
            data.Add("", "");
            return data;
        }

        if (!Goldens.Json(JsonName).TryGetProperty("canny", out var pictures))
        {
            data.Add("", "");
            return data;
        }

        foreach (var picture in pictures.EnumerateObject())
        {
            foreach (var setting in picture.Value.GetProperty("stack").EnumerateArray())
            {
                data.Add(picture.Name, setting.GetString()!);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Detect_WithTheGoldensSettings_GivesOpenCvsEdgesExactly(string name, string setting)
    {
        var json = Goldens.Json(JsonName);
        var canny = Goldens.Part(JsonName, "canny").GetProperty(name);
        var index = canny.GetProperty("stack").EnumerateArray().Select(s => s.GetString()).ToList().IndexOf(setting);
        var picture = PictureReader.Read(Goldens.Require($"annot/pic_{name}.png"));
        var isGrey = setting.StartsWith(GreyPrefix, StringComparison.Ordinal);
        if (isGrey)
        {
            var grey = Greyscale.Of(picture);
            picture = TestPictures.Of(picture.Width, picture.Height, (x, y) => (grey[y * picture.Width + x], grey[y * picture.Width + x], grey[y * picture.Width + x]));
        }

        var values = json.GetProperty("canny_cases").GetProperty(isGrey ? setting[GreyPrefix.Length..] : setting);
        var edges = Canny.Detect(
            picture, values.GetProperty("low").GetDouble(), values.GetProperty("high").GetDouble(),
            values.TryGetProperty("apertureSize", out var aperture) ? aperture.GetInt32() : 3, values.TryGetProperty("L2gradient", out var l2) && l2.GetBoolean());

        var stack = PictureReader.Read(Goldens.Require($"annot/canny_{name}.png"));
        var bytes = 3 * edges.Width * edges.Height;
        Assert.Equal((edges.Width, canny.GetProperty("height").GetInt32()), (stack.Width, edges.Height));
        Assert.Equal(canny.GetProperty("nonzero")[index].GetInt32(), edges.Bytes().Count(value => value != 0) / 3);
        PictureAssert.WithinLevels(new Picture(edges.Width, edges.Height, stack.Rgb[(index * bytes)..((index + 1) * bytes)]), edges, 0, $"{name} {setting}");
    }

    [Fact]
    public void Annotate_WithoutOptions_IsCannyWith100And200_AndTheThresholdsMayBeGivenInEitherOrder()
    {
        var picture = TestPictures.Noise(33, 21);
        using var annotator = AnnotatorCatalogue.Create("CANNY");
        var edges = annotator.Hint(picture);
        Assert.Equal(Canny.Detect(picture, 100, 200).Bytes(), edges.Bytes());
        Assert.Equal(Canny.Detect(picture, 200, 100).Bytes(), edges.Bytes());
        Assert.Contains((byte)255, edges.Bytes());
        Assert.Contains((byte)0, edges.Bytes());
        var options = new AnnotatorOptions(annotator.Info, new Dictionary<string, double> { ["low"] = 40, ["high"] = 250 });
        Assert.Equal(Canny.Detect(picture, 40, 250).Bytes(), annotator.Hint(picture, options).Bytes());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 40)]
    [InlineData(40, 1)]
    [InlineData(2, 2)]
    public void Detect_OnPicturesThinnerThanTheKernel_GivesAHintOfTheSameSize(int width, int height)
    {
        var edges = Canny.Detect(TestPictures.Noise(width, height), 100, 200, aperture: 5);
        Assert.Equal((width, height), (edges.Width, edges.Height));
        Assert.All(edges.Bytes(), value => Assert.True(value is 0 or 255));
    }

    [Fact]
    public void Detect_AroundASquare_LeavesOneClosedThinLineAndLeavesThePictureAlone()
    {
        var picture = TestPictures.Square(64, 64);
        var copy = picture.Rgb.ToArray();
        var edges = Canny.Detect(picture, 100, 200);
        Assert.Equal(copy, picture.Bytes());
        // The square has sides of about 32: one pixel of line for each pixel of its outline.
        Assert.InRange(edges.Bytes().Count(value => value == 255) / 3, 4 * 31 - 4, 4 * 33);
        Assert.Equal((0, 0, 0), edges.At(32, 32));
        Assert.Equal((0, 0, 0), edges.At(2, 2));
    }

    [Theory]
    [InlineData(-1, 200, 3, "low")]
    [InlineData(100, double.NaN, 3, "high")]
    [InlineData(100, 200, 7, "aperture")]
    public void Detect_WithAValueOutOfRange_NamesIt(double low, double high, int aperture, string name)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => Canny.Detect(TestPictures.Noise(8, 8), low, high, aperture));
        Assert.Equal(name, e.ParamName);
        Assert.StartsWith($"{name} must be", e.Message, StringComparison.Ordinal);
    }
}
