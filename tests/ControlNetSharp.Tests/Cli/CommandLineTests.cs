using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandLineTests() => PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(96, 64));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_WithATinyCheckpointAndAUnit_WritesOnePictureThatTellsHowItWasMade()
    {
        var json = await Generate("one.png", "--seed", "5", "-c", Unit("weight=0.5"), "--save-maps");
        Assert.Equal([_folder["one.png"]], Strings(json.GetProperty("files")));
        Assert.Equal(5, json.GetProperty("seed").GetInt64());
        Assert.All(["secondsPerStep", "totalSeconds", "peakMemoryBytes"], key => Assert.True(json.GetProperty(key).GetDouble() > 0, key));

        var map = PictureReader.Read(Assert.Single(Strings(json.GetProperty("maps"))));
        Assert.Equal(Canny.Detect(TestPictures.Square(96, 64), 100, 200).Rgb, map.Rgb);

        var texts = PngTexts.Read(_folder["one.png"]);
        Assert.StartsWith("a cat\nSteps: 2, Sampler: Euler,", texts["parameters"], StringComparison.Ordinal);
        Assert.Contains("Seed: 5, Size: 64x64", texts["parameters"], StringComparison.Ordinal);
        using var manifest = JsonDocument.Parse(texts["controlnetsharp"]);
        var root = manifest.RootElement;
        Assert.Equal(("a cat", 5L, 2), (root.GetProperty("prompt").GetString(), root.GetProperty("seed").GetInt64(), root.GetProperty("steps").GetInt32()));
        var unit = root.GetProperty("units")[0];
        Assert.Equal(("canny", 0.5, 64), (unit.GetProperty("kind").GetString(), unit.GetProperty("weight").GetDouble(), unit.GetProperty("pictureSha256").GetString()!.Length));
        var picture = PictureReader.Read(_folder["one.png"]);
        Assert.Equal((64, 64), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Generate_WithTheSameSeed_GivesTheSamePixels_AndAUnitOrAnotherSeedGivesOthers()
    {
        await Generate("first.png", "--seed", "5");
        await Generate("again.png", "--seed", "5");
        await Generate("other.png", "--seed", "6");
        await Generate("controlled.png", "--seed", "5", "-c", Unit("weight=1"));
        await Generate("weightless.png", "--seed", "5", "-c", Unit("weight=0"));
        byte[] Pixels(string file) => PictureReader.Read(_folder[file]).Rgb;
        Assert.Equal(Pixels("first.png"), Pixels("again.png"));
        Assert.NotEqual(Pixels("first.png"), Pixels("other.png"));
        Assert.NotEqual(Pixels("first.png"), Pixels("controlled.png"));
        Assert.Equal(Pixels("first.png"), Pixels("weightless.png"));
    }

    [Fact]
    public async Task Generate_WithBatchAndCount_NumbersTheFilesAndTheSeedsThrough()
    {
        var files = Strings((await Generate("many.png", "--seed", "7", "--batch", "2", "--count", "2")).GetProperty("files"));
        Assert.Equal(["many-0000.png", "many-0001.png", "many-0002.png", "many-0003.png"], files.Select(Path.GetFileName));
        var last = await Generate("last.png", "--seed", "10");
        // Sums in a batch are taken in another order; a byte may fall on the other side of a step.
        PictureAssert.WithinLevels(PictureReader.Read(_folder["last.png"]), PictureReader.Read(files[3]), 1, "picture 4 of two batches of two");
        Assert.Contains("Seed: 10,", PngTexts.Read(files[3])["parameters"], StringComparison.Ordinal);
        Assert.Single(Strings(last.GetProperty("files")));
    }

    [Fact]
    public async Task Generate_WithoutSize_TakesTheHintsAspectRatio()
    {
        // An area of 128 x 128 in the hint's ratio, each side rounded to a multiple of 64: 157 x 105 for 3 : 2.
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        TinyModel.WriteModel(_folder["model.safetensors"], metadata: (TinyModel.Metadata with { NativeSize = 128 }).Write());
        await CommandRun.JsonOf("generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["wide.png"], "--steps", "1", "--dtype", "fp32", "-c", Unit("weight=1"));
        var picture = PictureReader.Read(_folder["wide.png"]);
        Assert.Equal((128, 128), (picture.Width, picture.Height));

        PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(256, 64));
        await CommandRun.JsonOf("generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["wide.png"], "--steps", "1", "--dtype", "fp32", "-c", Unit("weight=1"));
        picture = PictureReader.Read(_folder["wide.png"]);
        Assert.Equal((256, 64), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Generate_WhenCancelled_Exits130WithoutAPicture()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var before = _folder.Listing();
        var run = await CommandRun.Of(["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["none.png"], "--json"], stop.Token);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("cancelled", run.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(before, _folder.Listing());
    }

    [Fact]
    public async Task Annotate_WithOptions_WritesTheAnnotatorsHint()
    {
        var picture = TestPictures.Noise(40, 30);
        PictureWriter.WritePng(_folder["noise.png"], picture);
        var json = await CommandRun.JsonOf("annotate", "canny", _folder["noise.png"], "-o", _folder["hint.png"], "--option", "low=50", "--option", "high=250");
        Assert.Equal((_folder["hint.png"], "canny"), (json.GetProperty("file").GetString(), json.GetProperty("kind").GetString()));
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(Canny.Detect(picture, 50, 250).Rgb, PictureReader.Read(_folder["hint.png"]).Rgb);

        var plain = await CommandRun.Of(["annotate", "canny", _folder["noise.png"], "-o", _folder["large.png"], "--resolution", "128"]);
        Assert.Equal((0, _folder["large.png"]), (plain.ExitCode, plain.Result.Trim()));
        var large = PictureReader.Read(_folder["large.png"]);
        Assert.Equal((192, 128), (large.Width, large.Height));
    }

    [Fact]
    public async Task ModelsInspect_TellsKindFamilyAndSize()
    {
        var model = await CommandRun.JsonOf("models", "inspect", TinyModel.WriteModel(_folder["model.safetensors"]));
        Assert.Equal(("model", "ldm", "F32"), (model.GetProperty("kind").GetString(), model.GetProperty("layout").GetString(), model.GetProperty("dtype").GetString()));
        var control = await CommandRun.JsonOf("models", "inspect", TinyModel.WriteControlNet(_folder["control.safetensors"], TinyModel.Sd21Shaped));
        Assert.Equal(("controlnet", "SD 2.x"), (control.GetProperty("kind").GetString(), control.GetProperty("family").GetString()));
        using var network = TinyModel.ControlNet(TinyModel.Sd21Shaped);
        var parameters = network.named_parameters().ToList();
        Assert.Equal((parameters.Sum(p => p.parameter.numel()), parameters.Count), (control.GetProperty("parameters").GetInt64(), control.GetProperty("keys").GetInt32()));
        Assert.Equal(64, control.GetProperty("hash").GetString()!.Length);
    }

    private async Task<JsonElement> Generate(string file, params string[] more)
    {
        if (!File.Exists(_folder["model.safetensors"]))
        {
            TinyModel.WriteModel(_folder["model.safetensors"]);
            TinyModel.WriteControlNet(_folder["control.safetensors"]);
        }

        return await CommandRun.JsonOf(["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder[file], "--steps", "2", "--size", "64x64", "--dtype", "fp32", .. more]);
    }

    private string Unit(string options) => $"canny={_folder["square.png"]},model={_folder["control.safetensors"]},{options}";

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];
}
