using ControlNetSharp.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>How hints of another size or shape are brought to that of the picture.</summary>
public class PictureFitTests
{
    [Theory]
    [InlineData(ResizeMode.Just)]
    [InlineData(ResizeMode.Crop)]
    [InlineData(ResizeMode.Fill)]
    public void Fit_ToTheSameSize_ChangesNothingAndCopies(ResizeMode mode)
    {
        var picture = TestPictures.Noise(24, 16);
        var fitted = PictureResizing.Fit(picture, 24, 16, mode);
        Assert.Equal(picture.Bytes(), fitted.Bytes());
        Assert.NotSame(picture.Bytes(), fitted.Bytes());
    }

    [Fact]
    public void FitHint_OfALabelMap_MakesNoNewColours()
    {
        var map = TestPictures.Of(40, 30, (x, y) => x < 13 ? (120, 120, 120) : y < 11 ? (6, 230, 230) : (4, 200, 3));
        foreach (var mode in Enum.GetValues<ResizeMode>())
        {
            var fitted = PictureResizing.FitHint(map, 64, 64, mode);
            var colours = Enumerable.Range(0, 64 * 64).Select(i => fitted.At(i % 64, i / 64)).ToHashSet();
            Assert.Subset(new HashSet<(int, int, int)> { (120, 120, 120), (6, 230, 230), (4, 200, 3), mode == ResizeMode.Fill ? fitted.At(0, 0) : (120, 120, 120) }, colours);
            Assert.True(colours.Count >= 3);
        }
    }

    [Fact]
    public void FitHint_OfTwoLabels_MakesNoThirdColour()
    {
        var map = TestPictures.Of(40, 30, (x, y) => x + y < 30 ? (140, 140, 140) : (6, 230, 230));
        var fitted = PictureResizing.FitHint(map, 17, 13, ResizeMode.Just);
        Assert.All(Enumerable.Range(0, 17 * 13), i => Assert.True(fitted.At(i % 17, i / 17) is (140, 140, 140) or (6, 230, 230)));
    }

    [Fact]
    public void Fit_OfADrawingInFewColours_MixesThem()
    {
        // Five flat colours with a line of one pixel, which nearest neighbour would leave out.
        var drawing = TestPictures.Of(120, 80, (x, y) => y == 42 ? (0, 0, 0) : (x / 30) switch { 0 => (250, 240, 220), 1 => (200, 30, 40), 2 => (20, 90, 200), _ => (30, 160, 60) });
        foreach (var mode in Enum.GetValues<ResizeMode>())
        {
            var expected = PictureResizing.Resize(drawing, 30, 20, Interpolation.Area);
            Assert.Equal(expected.Bytes(), PictureResizing.Fit(drawing, 30, 20, mode).Bytes());
            Assert.Equal(expected.Bytes(), PictureResizing.ScaleFor(drawing, 30, 20, mode).Bytes());
            Assert.NotEqual((250, 240, 220), PictureResizing.Fit(drawing, 30, 20, mode).At(2, 10));
        }
    }

    [Fact]
    public void FitHint_OfFewGreys_MixesThem_BecauseTheyAreAmounts()
    {
        var depth = TestPictures.Of(64, 64, (x, _) => (x / 16 * 80, x / 16 * 80, x / 16 * 80));
        Assert.Equal(PictureResizing.Resize(depth, 24, 24, Interpolation.Area).Bytes(), PictureResizing.FitHint(depth, 24, 24, ResizeMode.Just).Bytes());
    }

    [Fact]
    public void Fit_WithCrop_KeepsTheMiddle_AndWithFillEverythingAndWithJustTheWholeStretched()
    {
        // Red left, white in the middle, blue right; twice as wide as high.
        var picture = TestPictures.Of(128, 64, (x, _) => x < 32 ? (255, 0, 0) : x < 96 ? (255, 255, 255) : (0, 0, 255));
        var crop = PictureResizing.Fit(picture, 64, 64, ResizeMode.Crop);
        Assert.All(Enumerable.Range(0, 64 * 64), i => Assert.Equal((255, 255, 255), crop.At(i % 64, i / 64)));
        var just = PictureResizing.Fit(picture, 64, 64, ResizeMode.Just);
        Assert.Equal(((255, 0, 0), (255, 255, 255), (0, 0, 255)), (just.At(2, 2), just.At(32, 60), just.At(61, 32)));
        var fill = PictureResizing.Fit(picture, 64, 64, ResizeMode.Fill);
        Assert.Equal(((255, 0, 0), (255, 255, 255), (0, 0, 255)), (fill.At(2, 20), fill.At(32, 40), fill.At(61, 32)));
        Assert.Equal(fill.At(0, 0), fill.At(63, 63));
    }

    [Theory]
    [InlineData(60_000_000, 1, 2048)]
    [InlineData(1, int.MaxValue, 2048)]
    [InlineData(3, 3, int.MaxValue)]
    public void SizeForResolution_OfMoreThanTheMostPixels_NamesBothNumbers(int width, int height, int resolution)
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => PictureResizing.SizeForResolution(width, height, resolution));
        Assert.Contains($"{width} x {height}", e.Message, StringComparison.Ordinal);
        Assert.Contains("67108864", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromTensor_OfValuesThatAreNotNumbers_SaysWhere()
    {
        using var scope = NewDisposeScope();
        var pictures = zeros(2, 3, 4, 5);
        pictures[1, 2, 3, 1] = float.NaN;
        Assert.Contains("Picture 1 of the batch", Assert.Throws<NotANumberException>(() => PictureTensors.FromTensor(pictures)).Message, StringComparison.Ordinal);
        Assert.Contains("channel 2, row 3, column 1", Assert.Throws<NotANumberException>(() => PictureTensors.FromTensor(pictures)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resize_ToASizeThatCannotBe_IsRefused()
    {
        var picture = TestPictures.Noise(4, 4);
        Assert.Throws<ArgumentOutOfRangeException>(() => PictureResizing.Resize(picture, 0, 4, Interpolation.Linear));
        Assert.Contains("67108864", Assert.Throws<ArgumentOutOfRangeException>(() => PictureResizing.Resize(picture, 100_000, 100_000, Interpolation.Linear)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => PictureResizing.ToResolution(picture, 32));
        Assert.Contains("pixels", Assert.Throws<ArgumentOutOfRangeException>(() => PictureResizing.ToResolution(TestPictures.Noise(10_000, 1), 512)).Message, StringComparison.Ordinal);
    }
}
