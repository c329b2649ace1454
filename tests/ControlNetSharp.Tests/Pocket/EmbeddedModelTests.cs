using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pocket;

/// <summary>The model that ships with the program, through the program, on photographs of this repository.</summary>
public sealed class EmbeddedModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_FromAPhotograph_GivesTheSamePixelsTwice_InTheShapeOfThePhotograph()
    {
        var first = await Generate("first.png", "-c", $"canny={Photograph("coffee.png")}");
        Assert.Equal(first.Bytes(), (await Generate("again.png", "-c", $"canny={Photograph("coffee.png")}")).Bytes());
        Assert.Equal((320, 192), (first.Width, first.Height));
    }

    [Fact]
    public async Task Generate_WithWeightZero_GivesThePixelsOfNoUnit_AndTwoUnitsGiveOthers()
    {
        var (coffee, cat) = (Photograph("coffee.png"), Photograph("chelsea.png"));
        var plain = await Generate("plain.png");
        Assert.Equal(plain.Bytes(), (await Generate("zero.png", "-c", $"canny={coffee},weight=0")).Bytes());
        var one = await Generate("one.png", "-c", $"canny={coffee}");
        var two = await Generate("two.png", "-c", $"canny={coffee}", "-c", $"canny={cat},weight=0.5");
        Assert.NotEqual(plain.Bytes(), one.Bytes());
        Assert.NotEqual(one.Bytes(), two.Bytes());
    }

    [Fact]
    public async Task Generate_FromAPhotographUnderAMask_KeepsTheRest_AndIsReplayedPixelForPixel()
    {
        var whole = PictureResizing.Fit(PictureReader.Read(Photograph("astronaut.png")), 128, 128, ResizeMode.Crop);
        PictureWriter.WritePng(_folder["init.png"], whole);
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Square(128, 128));
        var made = await Generate("repainted.png", "--init", _folder["init.png"], "--mask", _folder["mask.png"], "--mask-blur", "2", "--size", "128x128", "-c", $"canny={_folder["init.png"]},weight=0.5");
        Assert.Equal(whole.Bytes()[..(20 * 128 * 3)], made.Bytes()[..(20 * 128 * 3)]);
        Assert.NotEqual(whole.At(64, 64), made.At(64, 64));
        File.Delete(_folder["init.png"]);
        File.Delete(_folder["mask.png"]);
        await CommandRun.JsonOf("generate", "--replay", _folder["repainted.png"], "-o", _folder["again.png"]);
        Assert.Equal(made.Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
    }

    [Fact]
    public async Task Generate_WithASecondPass_MakesTheEnlargedPictureOfTheFirstAnew()
    {
        var small = await Generate("small.png", "--size", "128x128");
        var large = await Generate(
            "large.png", "--size", "128x128", "--hires", "1.5,denoise=0.3,steps=2,upscaler=lanczos");
        var enlarged = PictureResizing.Resize(small, 192, 192, Interpolation.Lanczos4);
        PictureWriter.WritePng(_folder["enlarged.png"], enlarged);
        // The same 2 steps of 6: int(2 / 0.3) are planned for the second pass, and int(0.3 * 6) + 1 run from a picture.
        var expected = await Generate(
            "expected.png", "--init", _folder["enlarged.png"], "--size", "192x192", "--denoise", "0.3");
        Assert.Equal((192, 192), (large.Width, large.Height));
        Assert.Equal(expected.Bytes(), large.Bytes());
        var again = PictureResizing.Resize(large, 128, 128, Interpolation.Area);
        var difference = small.Bytes().Zip(again.Bytes(), (a, b) => Math.Abs(a - b)).Average();
        Assert.True(difference < 20, $"The second pass changed the picture by {difference:f1} levels in the mean.");
    }

    [Theory]
    [InlineData("coffee.png", "hed")]
    [InlineData("rocket.jpg", "canny")]
    public async Task Generate_InTilesThatOverlap_HasNoSeams_AndWithoutOverlapItHas(string photograph, string kind)
    {
        async Task<double> Seams(int overlap)
        {
            var large = await Generate(
                // Guided so much, tiles differ enough that a seam shows.
                $"{overlap}.png", "--cfg", "7", "--init", Photograph(photograph), "--size", "128x128", "--upscale", $"3,tile=256,overlap={overlap},denoise=0.6,control={kind}");
            Assert.Equal((384, 384), (large.Width, large.Height));
            return StepAcross(large, new TileRow(384 / 8, 256 / 8, overlap / 8).Times(8));
        }

        var (joined, apart) = (await Seams(64), await Seams(0));
        Assert.True(joined <= 1.05, $"The mean step across the borders of tiles is {joined:f3} times that elsewhere.");
        Assert.True(apart > 1.2, $"Without an overlap it is {apart:f3}, so that this would see no seam.");
    }

    /// <summary>The mean difference of neighbours across the lines at which tiles begin, end and meet, in that across all other lines.</summary>
    private static double StepAcross(Picture picture, TileRow tiles)
    {
        var lines = tiles.Starts.SelectMany((start, index) => new[] { start, start + tiles.Tile, tiles.Core(index).From }).Where(line => line > 0 && line < tiles.Length).ToHashSet();
        var (across, elsewhere) = (new List<double>(), new List<double>());
        for (var line = 1; line < tiles.Length; line++)
        {
            var sum = 0.0;
            for (var i = 0; i < tiles.Length; i++)
            {
                sum += Distance(picture.At(line, i), picture.At(line - 1, i)) + Distance(picture.At(i, line), picture.At(i, line - 1));
            }

            (lines.Contains(line) ? across : elsewhere).Add(sum);
        }

        return across.Average() / elsewhere.Average();

        static double Distance((int R, int G, int B) a, (int R, int G, int B) b) => Math.Abs(a.R - b.R) + Math.Abs(a.G - b.G) + Math.Abs(a.B - b.B);
    }

    [Fact]
    public async Task Evaluate_OnUnseenScenes_FindsEveryKindOfHintAgain()
    {
        var json = await CommandRun.JsonOf("evaluate", "--pictures", "4", "--steps", "10", "--real", "2");
        Assert.Equal(ConditionMetric.All.Select(metric => metric.Kind), json.GetProperty("kinds").EnumerateArray().Select(kind => kind.GetProperty("kind").GetString()));
        var recovery = json.GetProperty("meanRecovery").GetDouble();
        Assert.True(recovery >= 0.5, $"The pictures recover {recovery:f2} of the hints in the mean.");
        Assert.InRange(json.GetProperty("promptFidelity").GetProperty("withControl").GetDouble(), 0.65, 1);
    }

    [Fact]
    public async Task ModelsInspect_OfItsFiles_TellsModelInBf16AndControlNetsIn8Bits()
    {
        async Task<(string?, string?)> Kind(string file)
        {
            var json = await CommandRun.JsonOf("models", "inspect", Path.Combine(AppContext.BaseDirectory, "pocket", file));
            return (json.GetProperty("kind").GetString(), json.GetProperty("dtype").GetString());
        }

        Assert.Equal(("model", "BF16"), await Kind("model"));
        foreach (var metric in ConditionMetric.All)
        {
            Assert.Equal(("controlnet", "BF16, F8_E4M3"), await Kind($"controlnet_{metric.Kind}.safetensors"));
        }
    }

    private static string Photograph(string name) => Repository.PathOf($"docs/pictures/{name}");

    private async Task<Picture> Generate(string file, params string[] more)
    {
        await CommandRun.JsonOf(["generate", "-p", "a blue cup on a wooden table", "--seed", "7", "--steps", "6", "-o", _folder[file], .. more]);
        return PictureReader.Read(_folder[file]);
    }
}
