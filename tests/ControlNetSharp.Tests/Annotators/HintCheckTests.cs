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
        var hint = annotator.Annotate(Photograph.Value);
        Assert.Null(HintCheck.Warning(kind, hint));
        Assert.Contains("annotator=invert", HintCheck.Warning(kind, Inverted(Canny.Detect(Photograph.Value, 100, 200))), StringComparison.Ordinal);
        Assert.Contains("photograph", HintCheck.Warning(kind, new Picture(Size, Size, [.. Photograph.Value.Rgb.Select(value => Math.Max(value, (byte)80))])), StringComparison.Ordinal);
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
        Picture UnderSky(Picture picture) => new(Size, Size, [.. picture.Rgb.Select((level, i) => i < picture.Rgb.Length / 2 ? sky : level)]);
        var kind = ConditionKind.Find("normal");
        var map = UnderSky(DatasetHint("normal", 1_000_001));
        Assert.Null(HintCheck.Warning(kind, map));
        Assert.Contains("channels=bgr", HintCheck.Warning(kind, PictureChannels.Swapped(map)), StringComparison.Ordinal);
        Assert.Contains("directions", HintCheck.Warning(kind, UnderSky(Photograph.Value)), StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_ForAHintAsItIs_NeverWarns() => Assert.Null(HintCheck.Warning(ConditionKind.Find("hint"), Photograph.Value));

    [Fact]
    public void Swapped_Twice_IsThePicture()
    {
        var swapped = PictureChannels.Swapped(Photograph.Value);
        Assert.Equal(Photograph.Value.Rgb[0], swapped.Rgb[2]);
        Assert.Equal(Photograph.Value.Rgb, PictureChannels.Swapped(swapped).Rgb);
    }

    private static Picture Inverted(Picture picture) => new(picture.Width, picture.Height, [.. picture.Rgb.Select(value => (byte)(255 - value))]);

    private static Picture DatasetHint(string kind, long seed) => SceneHints.Find(kind)!.Make(seed, Size).Hint;
}
