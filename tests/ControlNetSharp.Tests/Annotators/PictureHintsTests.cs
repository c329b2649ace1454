using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Hints that no network makes.</summary>
public class PictureHintsTests
{
    [Theory]
    [InlineData("tile", "tile_resample")]
    [InlineData("blur", "tile_resample")]
    [InlineData("inpaint", "inpaint_only")]
    [InlineData("recolor", "recolor_luminance")]
    [InlineData("shuffle", "shuffle")]
    [InlineData("brightness", "brightness")]
    [InlineData("color", "t2ia_color_grid")]
    public void Kind_HasItsUsualAnnotator(string kind, string annotator) => Assert.Equal(annotator, AnnotatorCatalogue.Find(kind).Name);

    [Theory]
    [InlineData("tile_resample")]
    [InlineData("inpaint_only")]
    public void PictureItself_ByDefault(string name) => Assert.Equal(Noise.Bytes(), Made(name).Bytes());

    [Fact]
    public void TileResample_WithDown_LosesDetail_ButKeepsTheMean()
    {
        var coarse = Made("tile_resample", ("down", 4));
        Assert.True(Roughness(coarse) < Roughness(Noise) / 3);
        Assert.Equal(Noise.Bytes().Average(value => value), coarse.Bytes().Average(value => value), 3.0);
    }

    [Fact]
    public void BlurGaussian_IsOpenCvsBlur()
    {
        var blurred = Made("blur_gaussian", ("sigma", 2));
        Assert.Equal(GaussianBlur.Blur(Noise.Rgb, Noise.Width, Noise.Height, 3, 2), blurred.Bytes());
    }

    [Theory]
    [InlineData("recolor_luminance", 255, 0, 0, 136)] // L = 53.24
    [InlineData("recolor_luminance", 0, 255, 0, 224)] // L = 87.74
    [InlineData("recolor_luminance", 128, 128, 128, 137)] // L = 53.59
    [InlineData("recolor_luminance", 255, 255, 255, 255)]
    [InlineData("recolor_intensity", 10, 200, 30, 200)]
    [InlineData("brightness", 255, 0, 0, 76)]
    [InlineData("threshold", 128, 200, 255, 255)]
    [InlineData("threshold", 127, 200, 255, 0)]
    public void Grey_IsTheLevelOfTheColour(string name, int r, int g, int b, int expected)
    {
        var picture = TestPictures.Of(3, 2, (_, _) => ((byte)r, (byte)g, (byte)b));
        Assert.All(Hint(name, picture).Bytes(), value => Assert.Equal(expected, value));
    }

    [Fact]
    public void Gamma_AboveOne_IsDarker()
    {
        var picture = TestPictures.Of(1, 1, (_, _) => (128, 128, 128));
        Assert.Equal(64, Hint("recolor_intensity", picture, ("gamma", 2)).Bytes()[0]);
    }

    [Fact]
    public void ColourGrid_HasOneColourForEachSquare()
    {
        var picture = TestPictures.Noise(128, 64);
        var colours = Hint("t2ia_color_grid", picture).Bytes().Chunk(3).Select(rgb => (rgb[0], rgb[1], rgb[2])).ToList();
        Assert.Equal(2, colours.Distinct().Count());
        Assert.Equal(colours[0], colours[63]);
        Assert.NotEqual(colours[63], colours[64]);
    }

    [Fact]
    public void Shuffle_TakesColoursOfThePictureFromElsewhere_AndIsTheSameForASeed()
    {
        var gradient = TestPictures.Of(96, 64, (x, y) => ((byte)(2 * x), (byte)(3 * y), 40));
        var shuffled = Hint("shuffle", gradient);
        Assert.NotEqual(gradient.Bytes(), shuffled.Bytes());
        Assert.All(shuffled.Bytes().Where((_, i) => i % 3 == 2), blue => Assert.Equal(40, blue));
        Assert.Equal(shuffled.Bytes(), Hint("shuffle", gradient).Bytes());
        Assert.NotEqual(shuffled.Bytes(), Hint("shuffle", gradient, ("seed", 1)).Bytes());
        // Both fields are stretched over the whole picture.
        Assert.Equal((0, 190), (shuffled.Bytes().Where((_, i) => i % 3 == 0).Min(), shuffled.Bytes().Where((_, i) => i % 3 == 0).Max()));
    }

    private static Picture Noise { get; } = TestPictures.Noise(64, 48);

    private static Picture Made(string name, params (string Name, double Value)[] options) => Hint(name, Noise, options);

    private static Picture Hint(string name, Picture picture, params (string Name, double Value)[] options)
    {
        using var annotator = AnnotatorCatalogue.Create(name);
        return annotator.Annotate(picture, new AnnotatorOptions(annotator.Info, options.ToDictionary(option => option.Name, option => option.Value)), TestContext.Current.CancellationToken);
    }

    private static double Roughness(Picture picture)
    {
        var bytes = picture.Bytes();
        return Enumerable.Range(3, bytes.Length - 3).Average(i => Math.Abs(bytes[i] - bytes[i - 3]));
    }
}
