using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class ScribbleTests
{
    public static TheoryData<string> SoftEdges => Goldens.Files("annot/scribble_*_in.png");

    public static TheoryData<string> Drawings => Goldens.Files("annot/user_scribble_*.png", "annot/interactive_scribble_*.png");

    public static TheoryData<string> Dilated => Goldens.Files("annot/dilate3_*.png");

    [Theory]
    [MemberData(nameof(SoftEdges))]
    public void Scribble_OfSoftEdges_IsTheOriginalsAtEachStep(string file)
    {
        Goldens.Require(file);
        string Part(string name) => file.Replace("_in.png", $"_{name}.png", StringComparison.Ordinal);
        var picture = Path.GetFileNameWithoutExtension(file)["scribble_".Length..^"_in".Length];
        var size = Goldens.Part("annot.json", "scribble").GetProperty(picture).GetProperty("resized");
        var (height, width) = (size[0].GetInt32(), size[1].GetInt32());
        var resized = PictureReader.Read(Goldens.Require(Part("resized")));
        PictureAssert.WithinLevels(resized, PictureResizing.Resize(PictureReader.Read(Goldens.Require(file)), width, height, Interpolation.Linear), 1, Part("resized"));

        var (edges, ridges, strokes) = (Greyscale.Of(resized), Grey(Part("nms")), Grey(Part("out")));
        AssertMostlyEqual(ridges, ScribbleLines.Ridges(edges, width, height), Part("nms"));
        var blurred = GaussianBlur.Blur(ridges, width, height, 1, 3);
        PictureAssert.WithinLevels(Greyscale.ToPicture(Grey(Part("blur")), width, height), Greyscale.ToPicture(blurred, width, height), 1, Part("blur"));
        AssertMostlyEqual(strokes, ScribbleLines.OfSoftEdges(edges, width, height), Part("out"));
    }

    [Theory]
    [MemberData(nameof(Drawings))]
    public void Drawing_OfEitherPolarity_GivesTheOriginalsScribble(string file)
    {
        var expected = PictureReader.Read(Goldens.Require(file));
        var parts = Path.GetFileNameWithoutExtension(file).Split('_');
        var picture = PictureReader.Read(Goldens.Require($"annot/pic_{parts[2]}.png"));
        var isInverted = parts[0] == "interactive";
        var drawing = picture;
        if (isInverted)
        {
            // The original takes the first channel of what was painted.
            drawing = TestPictures.Of(picture.Width, picture.Height, (x, y) => (255 - picture.At(x, y).R, 255 - picture.At(x, y).R, 255 - picture.At(x, y).R));
        }

        var resized = PictureResizing.ToResolution(drawing, int.Parse(parts[3], CultureInfo.InvariantCulture));
        var actual = isInverted ? ScribbleLines.OfBrightLines(resized) : ScribbleLines.OfDarkLines(resized);
        AssertMostlyEqual(Greyscale.Of(expected), Greyscale.Of(actual), file);
    }

    [Theory]
    [MemberData(nameof(Dilated))]
    public void Dilation_ByOnePixel_IsOpenCvs(string file)
    {
        var expected = PictureReader.Read(Goldens.Require(file));
        var edges = Canny.Detect(PictureReader.Read(Goldens.Require(file.Replace("dilate3_", "pic_", StringComparison.Ordinal))), 100, 200);
        var dilated = Dilation.Square(Greyscale.Of(edges), edges.Width, edges.Height, 1);
        PictureAssert.WithinLevels(expected, Greyscale.ToPicture(dilated, edges.Width, edges.Height), 0, file);
    }

    [Fact]
    public void Drawing_WithThinLinesOfEitherPolarity_GivesTheSameWhiteLinesOnBlack()
    {
        using var annotator = AnnotatorCatalogue.Create("scribble_drawing");
        var drawing = Lines();
        var scribble = annotator.Hint(drawing);
        Assert.Equal(Greyscale.Of(scribble), Greyscale.Of(drawing).Select(value => (byte)(255 - value)));
        Assert.Equal(scribble.Bytes(), annotator.Hint(Inverted(drawing)).Bytes());
    }

    [Fact]
    public void Invert_KeepsShades()
    {
        using var annotator = AnnotatorCatalogue.Create("invert");
        var picture = TestPictures.Noise(9, 5);
        Assert.Equal(Inverted(picture).Bytes(), annotator.Hint(picture).Bytes());
    }

    [Fact]
    public void Xdog_OfDarkLines_DrawsThemAndMoreOfThemAtALowerThreshold()
    {
        using var annotator = AnnotatorCatalogue.Create("scribble");
        Assert.Equal("scribble_xdog", annotator.Info.Name);
        var strokes = annotator.Hint(Lines());
        Assert.Equal((255, 255, 255), strokes.At(20, 40));
        Assert.Equal((0, 0, 0), strokes.At(40, 60));
        Assert.All(strokes.Bytes(), value => Assert.True(value is 0 or 255));
        var faint = TestPictures.Of(64, 64, (x, _) => x == 20 ? (190, 190, 190) : (200, 200, 200));
        int White(double threshold) => annotator.Hint(faint, new AnnotatorOptions(annotator.Info, new Dictionary<string, double> { ["threshold"] = threshold })).Bytes().Count(value => value == 255);
        Assert.Equal((0, true), (White(32), White(4) > 0));
    }

    [Fact]
    public void Augmentation_WithASeed_IsTheSameEachTimeAndOtherwiseAnother()
    {
        var scribble = Scribble();
        var copy = scribble.Rgb.ToArray();
        var augmentation = new ScribbleAugmentation();
        var changed = augmentation.Apply(scribble, 5);
        Assert.Equal(copy, scribble.Bytes());
        Assert.Equal((scribble.Width, scribble.Height), (changed.Width, changed.Height));
        Assert.Equal(changed.Bytes(), augmentation.Apply(scribble, 5).Bytes());
        Assert.NotEqual(changed.Bytes(), augmentation.Apply(scribble, 6).Bytes());
        Assert.All(changed.Bytes(), value => Assert.True(value is 0 or 255));
    }

    [Fact]
    public void Augmentation_WithEverythingOff_LeavesTheScribble()
    {
        var scribble = Scribble();
        Assert.Equal(scribble.Bytes(), new ScribbleAugmentation { Thickness = 0, Gaps = 0, Jitter = 0 }.Apply(scribble, 1).Bytes());
    }

    [Fact]
    public void Augmentation_ThickensMovesAndInterrupts_EachOnItsOwn()
    {
        var scribble = Scribble();
        var none = new ScribbleAugmentation { Thickness = 0, Gaps = 0, Jitter = 0 };
        int White(ScribbleAugmentation augmentation, int seed) => augmentation.Apply(scribble, seed).Bytes().Count(value => value == 255);
        var before = scribble.Bytes().Count(value => value == 255);
        Assert.True(Enumerable.Range(0, 20).Max(seed => White(none with { Thickness = 2 }, seed)) > 2 * before);
        Assert.True(Enumerable.Range(0, 20).Min(seed => White(none with { Gaps = 1 }, seed)) < 0.8 * before);
        Assert.All(Enumerable.Range(0, 20), seed =>
        {
            Assert.True(White(none with { Gaps = 1 }, seed) <= before);
            // The line is a column of 30 rows at least: it moves by up to four pixels and does not break.
            var moved = (none with { Jitter = 4 }).Apply(scribble, seed);
            Assert.All(Enumerable.Range(20, 56), y => Assert.Contains(Enumerable.Range(44, 9), x => moved.At(x, y).R == 255));
            Assert.DoesNotContain(Enumerable.Range(0, 96 * 96), i => Math.Abs(i % 96 - 48) > 6 && moved.At(i % 96, i / 96).R == 255);
        });
    }

    [Theory]
    [InlineData(-1, 0, 0, "Thickness")]
    [InlineData(17, 0, 0, "Thickness")]
    [InlineData(0, 1.5, 0, "Gaps")]
    [InlineData(0, 0, double.NaN, "Jitter")]
    public void Augmentation_OutOfRange_NamesThePropertyAndItsRange(int thickness, double gaps, double jitter, string name)
    {
        var augmentation = new ScribbleAugmentation { Thickness = thickness, Gaps = gaps, Jitter = jitter };
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => augmentation.Apply(Scribble(), 1));
        Assert.Equal(name, e.ParamName);
        Assert.StartsWith($"{name} must be from 0 to ", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Black lines on white.</summary>
    private static Picture Lines() => TestPictures.Of(80, 80, (x, y) => x is 20 or 21 || y == 30 ? (0, 0, 0) : (255, 255, 255));

    /// <summary>A white column on black.</summary>
    private static Picture Scribble() => TestPictures.Of(96, 96, (x, y) => x is 47 or 48 or 49 && y is >= 10 and < 86 ? (255, 255, 255) : (0, 0, 0));

    private static Picture Inverted(Picture picture) => new(picture.Width, picture.Height, [.. picture.Bytes().Select(value => (byte)(255 - value))]);

    private static byte[] Grey(string file) => Greyscale.Of(PictureReader.Read(Goldens.Require(file)));

    /// <summary>At most 0.2 % of the pixels may differ.</summary>
    private static void AssertMostlyEqual(byte[] expected, byte[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var different = Enumerable.Range(0, expected.Length).Count(i => expected[i] != actual[i]);
        Assert.True(different <= 0.002 * expected.Length, $"{what}: {different} of {expected.Length} pixels differ.");
    }
}
