using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Cli;
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
        Assert.Equal(first.Rgb, (await Generate("again.png", "-c", $"canny={Photograph("coffee.png")}")).Rgb);
        Assert.Equal((320, 192), (first.Width, first.Height));
    }

    [Fact]
    public async Task Generate_WithWeightZero_GivesThePixelsOfNoUnit_AndTwoUnitsGiveOthers()
    {
        var (coffee, cat) = (Photograph("coffee.png"), Photograph("chelsea.png"));
        var plain = await Generate("plain.png");
        Assert.Equal(plain.Rgb, (await Generate("zero.png", "-c", $"canny={coffee},weight=0")).Rgb);
        var one = await Generate("one.png", "-c", $"canny={coffee}");
        var two = await Generate("two.png", "-c", $"canny={coffee}", "-c", $"canny={cat},weight=0.5");
        Assert.NotEqual(plain.Rgb, one.Rgb);
        Assert.NotEqual(one.Rgb, two.Rgb);
    }

    [Fact]
    public async Task Evaluate_OnUnseenScenes_FindsTheHintsAgain()
    {
        var json = await CommandRun.JsonOf("evaluate", "--pictures", "6");
        var score = Assert.Single(json.GetProperty("kinds").EnumerateArray());
        var recovery = score.GetProperty("recovery").GetDouble();
        Assert.True(recovery >= 0.3, $"The pictures recover {recovery:f2} of the hints; the model reaches 0.36 over 64 scenes.");
    }

    [Fact]
    public async Task ModelsInspect_OfItsFiles_TellsModelAndControlNetInBf16()
    {
        async Task<(string?, string?)> Kind(string file)
        {
            var json = await CommandRun.JsonOf("models", "inspect", Path.Combine(AppContext.BaseDirectory, "pocket", file));
            return (json.GetProperty("kind").GetString(), json.GetProperty("dtype").GetString());
        }

        Assert.Equal(("model", "BF16"), await Kind("model"));
        Assert.Equal(("controlnet", "BF16"), await Kind("controlnet_canny.safetensors"));
    }

    private static string Photograph(string name) => Repository.PathOf($"docs/pictures/{name}");

    private async Task<Picture> Generate(string file, params string[] more)
    {
        await CommandRun.JsonOf(["generate", "-p", "a blue cup on a wooden table", "--seed", "7", "--steps", "6", "-o", _folder[file], .. more]);
        return PictureReader.Read(_folder[file]);
    }
}
