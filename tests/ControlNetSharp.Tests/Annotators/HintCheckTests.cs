using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

public class HintCheckTests
{
    private const int Size = 128;
    private static readonly Lazy<Picture> Photograph = new(() => SceneRenderer.Render(Scene.FromSeed(1_000_003), Size));

    [Theory]
    [InlineData("canny")]
    [InlineData("hough")]
    [InlineData("scribble")]
    [InlineData("lineart")]
    public void Warning_ForLines_KnowsPolarityAndPhotographs(string name)
    {
        var kind = ConditionKind.Find(name);
        using var annotator = AnnotatorCatalogue.Create(name);
        var hint = annotator.Hint(Photograph.Value);
        Assert.Null(HintCheck.Warning(kind, hint));
        Assert.Contains("annotator=invert", HintCheck.Warning(kind, Inverted(Canny.Detect(Photograph.Value, 100, 200))), StringComparison.Ordinal);
        Assert.Contains("photograph", HintCheck.Warning(kind, new Picture(Size, Size, [.. Photograph.Value.Bytes().Select(value => Math.Max(value, (byte)80))])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("depth", "grey")]
    [InlineData("normal", "directions")]
    [InlineData("segmentation", "palette")]
    public void Warning_ForMaps_TakesTheWorldsOwn_AndKnowsPhotographs(string name, string expected)
    {
        var kind = ConditionKind.Find(name);
        var made = 0;
        for (var seed = 1_000_000; seed < 1_000_008; seed++)
        {
            var hint = DatasetHint(name, seed);
            Assert.Null(HintCheck.Warning(kind, hint));
            made++;
        }

        Assert.Equal(8, made);
        Assert.Contains(expected, HintCheck.Warning(kind, Photograph.Value), StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_ForNormals_KnowsSwappedChannels() =>
        Assert.Contains("channels=bgr", HintCheck.Warning(ConditionKind.Find("normal"), PictureChannels.Swapped(DatasetHint("normal", 1_000_001))), StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(255)]
    public void Warning_ForNormalsWithASkyWithoutDirection_TakesThem_AndStillKnowsChannelsAndPhotographs(byte sky)
    {
        Picture UnderSky(Picture picture) => new(Size, Size, [.. picture.Bytes().Select((level, i) => i < picture.Rgb.Length / 2 ? sky : level)]);
        var kind = ConditionKind.Find("normal");
        var map = UnderSky(DatasetHint("normal", 1_000_001));
        Assert.Null(HintCheck.Warning(kind, map));
        Assert.Contains("channels=bgr", HintCheck.Warning(kind, PictureChannels.Swapped(map)), StringComparison.Ordinal);
        Assert.Contains("directions", HintCheck.Warning(kind, UnderSky(Photograph.Value)), StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_ForNormals_TakesABlackSky()
    {
        var (map, normal) = (DatasetHint("normal", 1_000_001), ConditionKind.Find("normal"));
        Picture WithSky(byte level) => new(Size, Size, [.. map.Bytes().Select((value, i) => i < map.Rgb.Length / 2 ? level : value)]);
        Assert.Null(HintCheck.Warning(normal, WithSky(0)));
        Assert.Null(HintCheck.Warning(normal, WithSky(128)));
        Assert.Contains("channels=bgr", HintCheck.Warning(normal, PictureChannels.Swapped(WithSky(0))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("canny")]
    [InlineData("hough")]
    [InlineData("hed")]
    [InlineData("scribble")]
    [InlineData("lineart")]
    [InlineData("pose")]
    [InlineData("depth")]
    [InlineData("normal")]
    [InlineData("segmentation")]
    public void WarningsOfMade_KnowsAPictureThatAlreadyIsAHint(string name)
    {
        var annotator = AnnotatorCatalogue.DefaultOf(ConditionKind.Find(name));
        for (var seed = 1_000_000; seed < 1_000_003; seed++)
        {
            var warning = Assert.Single(HintCheck.WarningsOfMade(annotator, SceneHints.Find(name)!.Make(seed, 256).Hint, Photograph.Value));
            Assert.Contains("finished hint", warning, StringComparison.Ordinal);
            Assert.Contains("annotator=none", warning, StringComparison.Ordinal);
        }

        Assert.Empty(HintCheck.WarningsOfMade(annotator, Photograph.Value, Photograph.Value));
    }

    [Theory]
    [InlineData("astronaut.png")]
    [InlineData("chelsea.png")]
    [InlineData("coffee.png")]
    [InlineData("rocket.jpg")]
    public void WarningsOfMade_OfPhotographs_InColourGreyOrDark_AreNone(string file)
    {
        var photograph = PictureResizing.ToResolution(PictureReader.Read(Repository.PathOf($"docs/pictures/{file}")), 192);
        var dark = new Picture(photograph.Width, photograph.Height, [.. photograph.Bytes().Select(value => (byte)(value / 4))]);
        foreach (var picture in new[] { photograph, Grey(photograph), Grey(PictureResizing.ToResolution(photograph, 320)), dark, Grey(dark) })
        {
            Assert.All(AnnotatorCatalogue.All.DistinctBy(annotator => annotator.Kind), annotator => Assert.Empty(HintCheck.WarningsOfMade(annotator, picture, photograph)));
        }
    }

    [Fact]
    public void WarningsOfMade_OfADrawing_IsSilentForTheAnnotatorOfDrawings()
    {
        var drawing = Canny.Detect(Photograph.Value, 100, 200);
        Assert.Empty(HintCheck.WarningsOfMade(AnnotatorCatalogue.Find("scribble_drawing"), drawing, drawing));
        Assert.Single(HintCheck.WarningsOfMade(AnnotatorCatalogue.Find("invert"), drawing, drawing));
    }

    [Theory]
    [InlineData("pose", 0, "no person was found; the hint is black")]
    [InlineData("canny", 0, "no lines were found; the hint is black")]
    [InlineData("invert", 200, "one colour only")]
    [InlineData("depth", 0, "one colour only")]
    [InlineData("segmentation", 120, "one colour only")]
    public void WarningsOfMade_SaysThatThereIsNothing(string annotator, byte level, string expected)
    {
        var flat = new Picture(Size, Size, [.. Enumerable.Repeat(level, 3 * Size * Size)]);
        Assert.Contains(expected, Assert.Single(HintCheck.WarningsOfMade(AnnotatorCatalogue.Find(annotator), null, flat)), StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_ForAHintAsItIs_NeverWarns() => Assert.Null(HintCheck.Warning(ConditionKind.Find("hint"), Photograph.Value));

    [Fact]
    public void Swapped_Twice_IsThePicture()
    {
        var swapped = PictureChannels.Swapped(Photograph.Value);
        Assert.Equal(Photograph.Value.Rgb[0], swapped.Rgb[2]);
        Assert.Equal(Photograph.Value.Bytes(), PictureChannels.Swapped(swapped).Bytes());
    }

    private static Picture Inverted(Picture picture) => new(picture.Width, picture.Height, [.. picture.Bytes().Select(value => (byte)(255 - value))]);

    private static Picture Grey(Picture picture) => Greyscale.ToPicture(Greyscale.Of(picture), picture.Width, picture.Height);

    private static Picture DatasetHint(string kind, long seed) => SceneHints.Find(kind)!.Make(seed, Size).Hint;
}
