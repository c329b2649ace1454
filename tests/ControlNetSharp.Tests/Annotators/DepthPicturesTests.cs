using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Depth and normal pictures against the original's (annot_arrays: midas/*).</summary>
public partial class DepthPicturesTests
{
    private const string FileName = "annot_arrays.safetensors";

    public static TheoryData<string, string> Normals => Goldens.Cases(FileName, golden => golden.Entries.Keys.Where(name => NormalName().IsMatch(name)));

    [Fact]
    public void Depth_OfTheGoldensMap_IsTheOriginals()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        var (depth, width, height) = Map(golden);
        PictureAssert.WithinLevels(GoldenPictures.Of(golden.Required("midas/depth_image")), DepthPictures.Depth(depth, width, height), 1, "midas/depth_image");
    }

    [Theory]
    [MemberData(nameof(Normals))]
    public void Normals_OfTheGoldensMap_AreTheOriginals(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var (depth, width, height) = Map(golden);
        var match = NormalName().Match(name);
        double Number(string group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
        PictureAssert.WithinLevels(GoldenPictures.Of(golden[name]), DepthPictures.Normals(depth, width, height, Number("a"), Number("th"), bgr: false), 1, name);
    }

    [Fact]
    public void Sobel_OfTheGoldensMap_IsOpenCvs()
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(FileName);
        var (depth, width, height) = Map(golden);
        var (dx, dy) = DepthPictures.Sobel(depth, width, height);
        golden.AssertClose("midas/sobel_x", tensor(dx).reshape(height, width), 1e-4);
        golden.AssertClose("midas/sobel_y", tensor(dy).reshape(height, width), 1e-4);
    }

    [Fact]
    public void Normals_InBgr_HaveTheirChannelsReversed()
    {
        float[] slope = [.. Enumerable.Range(0, 48).Select(i => 0.1f * (i % 8) + 0.2f * (i / 8))];
        var (rgb, bgr) = (DepthPictures.Normals(slope, 8, 6, bgr: false), DepthPictures.Normals(slope, 8, 6));
        for (var y = 0; y < 6; y++)
        {
            for (var x = 0; x < 8; x++)
            {
                var (r, g, b) = rgb.At(x, y);
                Assert.Equal((b, g, r), bgr.At(x, y));
            }
        }

        // It faces the viewer more than any side: z is the largest, and in BGR z is red.
        Assert.True(bgr.At(4, 3).R > bgr.At(4, 3).B);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5)]
    [InlineData(5, 1)]
    public void Pictures_OfOneLineOrAFlatMap_AreMade(int width, int height)
    {
        var flat = new float[width * height];
        Assert.All(DepthPictures.Depth(flat, width, height).Bytes(), value => Assert.Equal(0, value));
        Assert.Equal((255, 127, 127), DepthPictures.Normals(flat, width, height).At(0, 0));
    }

    [Fact]
    public void Pictures_OfWrongMaps_SayWhatIsWrong()
    {
        Assert.Contains("A map of 3 x 2 has 6 values, not 5", Assert.Throws<ArgumentException>(() => DepthPictures.Depth(new float[5], 3, 2)).Message, StringComparison.Ordinal);
        Assert.Contains("row 1, column 2", Assert.Throws<NotANumberException>(() => DepthPictures.Depth([0, 1, 2, 3, 4, float.NaN], 3, 2)).Message, StringComparison.Ordinal);
        Assert.Equal("strength", Assert.Throws<ArgumentOutOfRangeException>(() => DepthPictures.Normals(new float[6], 3, 2, strength: 0)).ParamName);
    }

    private static (float[] Depth, int Width, int Height) Map(GoldenFile golden)
    {
        var depth = golden.Required("midas/depth");
        return (depth.data<float>().ToArray(), (int)depth.shape[1], (int)depth.shape[0]);
    }

    [GeneratedRegex(@"^midas/normal_a(?<a>[0-9.]+)_th(?<th>[0-9.]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NormalName();
}
