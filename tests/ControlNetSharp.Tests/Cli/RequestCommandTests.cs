using System.Text.Json;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Requests as data on the command line: <c>--print-request</c>, <c>--request</c>, and pictures of other programs.</summary>
public sealed class RequestCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RequestCommandTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        PictureWriter.WritePng(_folder["room.png"], TestPictures.Square(80, 64));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Square(80, 64));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("--size 64x72 --sampler DDIM --scheduler ldm --cfg 4.5 --clip-skip 1 --prediction epsilon --tiling -n dog --batch 2")]
    [InlineData("-c canny=@room.png,model=@control.safetensors,weight=0.7,end=0.9,mode=prompt,resize=fill,low=50,layers=1:0.5:0:1:0.25 --hires 1.5,denoise=0.5,steps=2,upscaler=lanczos")]
    [InlineData("--init @room.png --denoise 0.6 --mask @mask.png --mask-blur 3 --masked-content fill --only-masked --mask-padding 4")]
    public async Task PrintedRequest_GivenBack_GivesTheSamePixelsAsTheOptions(string options)
    {
        string[] arguments = ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "--steps", "2", "--seed", "5", .. options.Replace("@", _folder.Path + "/", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Directory.CreateDirectory(_folder["a"]);
        Directory.CreateDirectory(_folder["b"]);
        var made = await CommandRun.JsonOf([.. arguments, "--dtype", "fp32", "-o", _folder["a"]]);
        var printed = await CommandRun.Of([.. arguments, "--print-request", "-o", _folder["c.png"]]);
        Assert.Equal((0, false), (printed.ExitCode, File.Exists(_folder["c.png"])));
        File.WriteAllText(_folder["request.json"], printed.Result);
        var again = await CommandRun.JsonOf("generate", "--request", _folder["request.json"], "--dtype", "fp32", "-o", _folder["b"]);
        static List<byte[]> Pixels(JsonElement json) => [.. json.GetProperty("files").EnumerateArray().Select(file => PictureReader.Read(file.GetString()!).Bytes())];
        Assert.Equal(Pixels(made), Pixels(again));
    }

    [Fact]
    public async Task Request_WithOptionsBesideIt_TakesTheOptions()
    {
        File.WriteAllText(_folder["request.json"], $$"""{"prompt":"a cat","model":"model.safetensors","steps":9,"seed":1,"units":[{"kind":"canny","picture":"room.png","model":"control.safetensors"}]}""");
        var printed = await CommandRun.Of(["generate", "--request", _folder["request.json"], "--steps", "2", "-n", "dog", "--print-request"]);
        using var json = JsonDocument.Parse(printed.Result);
        var (root, unit) = (json.RootElement, json.RootElement.GetProperty("units")[0]);
        Assert.Equal((2, 1, "dog"), (root.GetProperty("steps").GetInt32(), root.GetProperty("seed").GetInt32(), root.GetProperty("negativePrompt").GetString()));
        Assert.Equal((_folder["model.safetensors"], _folder["room.png"]), (root.GetProperty("model").GetString(), unit.GetProperty("picture").GetString()));
    }

    [Theory]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","wieght":1}]}""", "units[0].wieght")]
    [InlineData("""{"prompt":"x","steps":0}""", "steps 0: must be a whole number from 1 to 1000")]
    [InlineData("nothing", "--request")]
    public async Task Request_ThatCannotBe_IsRefusedWithFileAndMember(string json, string expected)
    {
        File.WriteAllText(_folder["request.json"], json);
        var run = await CommandRun.Of(["generate", "--request", _folder["request.json"], "-o", _folder["out.png"]]);
        Assert.Equal((2, false), (run.ExitCode, File.Exists(_folder["out.png"])));
        Assert.Contains(_folder["request.json"], run.Message, StringComparison.Ordinal);
        Assert.Contains(expected, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfAnotherProgramsPicture_ListsAllThatCannotBeHonoured_AndLeavesItOutWhereAsked()
    {
        var parameters = "a cat\nNegative prompt: dog\nSteps: 2, Sampler: Euler, Schedule type: Automatic, CFG scale: 5, Seed: 7, Size: 64x64, Model: model, Variation seed: 3, Face restoration: CodeFormer, Version: v1.10.1";
        PictureWriter.WritePng(_folder["theirs.png"], TestPictures.Square(64, 64), new Dictionary<string, string> { ["parameters"] = parameters });
        string[] arguments = ["generate", "--replay", _folder["theirs.png"], "--models", _folder.Path, "-o", _folder["out.png"], "--dtype", "fp32"];
        var refused = await CommandRun.Of(arguments);
        Assert.Equal((2, false), (refused.ExitCode, File.Exists(_folder["out.png"])));
        Assert.All(["Variation seed", "Face restoration", "--lenient"], part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
        var lenient = await CommandRun.Of([.. arguments, "--lenient"]);
        Assert.True(lenient.ExitCode == 0, lenient.Message);
        Assert.Contains("Variation seed", lenient.Message, StringComparison.Ordinal);
        await CommandRun.JsonOf("generate", "-p", "a cat", "-n", "dog", "--steps", "2", "--cfg", "5", "--seed", "7", "--size", "64x64", "-m", _folder["model.safetensors"], "-o", _folder["own.png"], "--dtype", "fp32");
        Assert.Equal(PictureReader.Read(_folder["own.png"]).Bytes(), PictureReader.Read(_folder["out.png"]).Bytes());
    }
}
