using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Pictures that tell how they were made, made again.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ReplayTests()
    {
        PictureWriter.WritePng(_folder["init.png"], TestPictures.Noise(80, 64));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Square(80, 64));
        PictureWriter.WritePng(_folder["hint.png"], TestPictures.Square(96, 64));
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteModel(_folder["vae.safetensors"], tensors => tensors[TinyModel.AutoencoderPrefix + "decoder.conv_out.bias"].add_(0.5));
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_inpaint.safetensors"]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain", "--size 64x72 --sampler DDIM --scheduler ldm --cfg 4.5 --clip-skip 1 --prediction epsilon --tiling -n dog --vae @vae.safetensors")]
    [InlineData("unit", "--size 64x64 -c canny=@hint.png,weight=0.7,end=0.9,mode=prompt,resize=fill,low=50,mask=@mask.png,model=@control.safetensors")]
    [InlineData("layers", "--size 64x64 -c canny=@hint.png,layers=1:0.5:0:1:0.25,annotator=none,channels=bgr,model=@control.safetensors")]
    [InlineData("initial", "--size 64x64 --init @init.png --denoise 0.6")]
    [InlineData("masked", "--size 72x64 --init @init.png --mask @mask.png --mask-blur 3 --masked-content fill")]
    [InlineData("region", "--size 64x64 --init @init.png --mask @mask.png --only-masked --mask-padding 4 -c canny=@init.png,resolution=128,model=@control.safetensors")]
    [InlineData("holes", "--size 64x64 --init @init.png --mask @mask.png -c hint=@init.png,model=@control_inpaint.safetensors")]
    [InlineData("hires", "--size 64x64 --hires 1.5,denoise=0.5,steps=2,upscaler=lanczos --sampler Euler_a -c canny=@hint.png,hires=high,model=@control.safetensors")]
    public async Task Replay_MakesTheSamePixels_WithoutThePicturesThatWentIn(string name, string options)
    {
        await Generate($"{name}.png", $"{options.Replace("Euler_a", "k_euler_a", StringComparison.Ordinal)} --batch 2");
        foreach (var picture in new[] { "init.png", "mask.png", "hint.png" })
        {
            File.Delete(_folder[picture]);
        }

        foreach (var index in new[] { 1, 0 })
        {
            var first = _folder[$"{name}-000{index}.png"];
            var json = await CommandRun.JsonOf("generate", "--replay", first, "-o", _folder["again.png"], "--overwrite");
            Assert.Equal(_folder["again.png"], Assert.Single(json.GetProperty("files").EnumerateArray()).GetString());
            Assert.Equal(PictureReader.Read(first).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
            // The copy says the same of itself, so it can be made again in turn.
            var (texts, copied) = (PngTexts.Read(first), PngTexts.Read(_folder["again.png"]));
            Assert.Equal(texts.Keys, copied.Keys);
            Assert.All(texts, text => Assert.Equal(text.Value, copied[text.Key]));
        }
    }

    [Fact]
    public async Task Replay_OfSdxlThatWasToldASize_TellsItAgain()
    {
        TinyModel.WriteSdxl(_folder["model.safetensors"]);
        await Generate("plain.png", "--size 64x64");
        await Generate("told.png", "--size 64x64 --original-size 512X384+0+70");
        Assert.NotEqual(PictureReader.Read(_folder["plain.png"]).Bytes(), PictureReader.Read(_folder["told.png"]).Bytes());
        Assert.Equal("""{"width":512,"height":384,"left":0,"top":70}""", JsonNode.Parse(PngTexts.Read(_folder["told.png"])["controlnetsharp"])!["originalSize"]!.ToJsonString());
        await CommandRun.JsonOf("generate", "--replay", _folder["told.png"], "-o", _folder["again.png"], "--overwrite");
        Assert.Equal(PictureReader.Read(_folder["told.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
    }

    [Fact]
    public async Task Replay_WithLinkedPictures_TakesTheFiles_AndRefusesThemWhereTheyHaveChanged()
    {
        await Generate("linked.png", "--manifest link --size 64x64 --init @init.png -c canny=@hint.png,model=@control.safetensors");
        Assert.Equal(["parameters", "controlnetsharp"], PngTexts.Read(_folder["linked.png"]).Keys);
        await CommandRun.JsonOf("generate", "--replay", _folder["linked.png"], "-o", _folder["again.png"], "--overwrite");
        Assert.Equal(PictureReader.Read(_folder["linked.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());

        PictureWriter.WritePng(_folder["hint.png"], TestPictures.Square(64, 96));
        await AssertRefused(2, "hint.png: the file is not the one", "generate", "--replay", _folder["linked.png"], "-o", _folder["other.png"]);
        File.Delete(_folder["hint.png"]);
        await AssertRefused(2, "hint.png: there is no such picture", "generate", "--replay", _folder["linked.png"], "-o", _folder["other.png"]);
    }

    [Fact]
    public async Task Picture_TooLargeForAText_IsNamedInstead_AndReplayTakesItsFile()
    {
        PictureWriter.WritePng(_folder["init.png"], TestPictures.Noise(2100, 2100));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Of(2100, 2100, (x, y) => x is > 1000 and < 1040 && y is > 1000 and < 1040 ? (255, 255, 255) : (0, 0, 0)));
        var run = await CommandRun.Of(
        [
            "generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["large.png"], "--steps", "1", "--seed", "5", "--size", "64x64",
            "--init", _folder["init.png"], "--mask", _folder["mask.png"], "--only-masked",
        ]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Contains("more than the 16777216 of a PNG text", run.Message, StringComparison.Ordinal);
        Assert.Equal(["parameters", "controlnetsharp", "controlnetsharp.mask"], PngTexts.Read(_folder["large.png"]).Keys);
        await CommandRun.JsonOf("generate", "--replay", _folder["large.png"], "-o", _folder["again.png"], "--overwrite");
        Assert.Equal(PictureReader.Read(_folder["large.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
    }

    [Fact]
    public async Task Replay_WithAnotherModelOrControlNet_NamesIt_AndFindsMovedFilesInTheModelsFolder()
    {
        await Generate("first.png", "--size 64x64 -c canny=@hint.png,model=@control.safetensors");
        string[] again = ["generate", "--replay", _folder["first.png"], "-o", _folder["again.png"], "--overwrite"];
        Directory.CreateDirectory(_folder["moved"]);
        File.Move(_folder["model.safetensors"], _folder["moved/model.safetensors"]);
        File.Move(_folder["control.safetensors"], _folder["moved/control.safetensors"]);
        await AssertRefused(2, "model.safetensors: it made the picture and is not there any more", again);
        await CommandRun.JsonOf([.. again, "--models", _folder["moved"]]);
        Assert.Equal(PictureReader.Read(_folder["first.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
        await CommandRun.JsonOf([.. again, "-m", _folder["moved/model.safetensors"]]);

        TinyModel.WriteControlNet(_folder["moved/control.safetensors"], change: tensors => tensors[TinyModel.ControlPrefix + "middle_block_out.0.bias"].add_(0.5));
        await AssertRefused(3, "control.safetensors: the ControlNet of unit 0 (canny) is not the one", [.. again, "--models", _folder["moved"]]);
        TinyModel.WriteModel(_folder["moved/model.safetensors"], tensors => tensors[TinyModel.UNetPrefix + "out.2.bias"].add_(0.5));
        await AssertRefused(3, "model.safetensors: the model is not the one", [.. again, "--models", _folder["moved"]]);
    }

    [Fact]
    public async Task Replay_ComputesWithTheRecordedThreads()
    {
        await Generate("first.png", "--size 64x64");
        var texts = new Dictionary<string, string>(PngTexts.Read(_folder["first.png"]), StringComparer.Ordinal);
        var manifest = JsonNode.Parse(texts["controlnetsharp"])!;
        var resolved = manifest["resolved"]!;
        Assert.Equal((get_num_threads(), "fp32"), (resolved["threads"]!.GetValue<int>(), resolved["dtype"]!.GetValue<string>()));
        resolved["threads"] = 2;
        texts["controlnetsharp"] = manifest.ToJsonString();
        PictureWriter.WritePng(_folder["two.png"], PictureReader.Read(_folder["first.png"]), texts);
        await CommandRun.JsonOf("generate", "--replay", _folder["two.png"], "-o", _folder["again.png"], "--overwrite");
        using var again = JsonDocument.Parse(PngTexts.Read(_folder["again.png"])["controlnetsharp"]);
        Assert.Equal(2, again.RootElement.GetProperty("resolved").GetProperty("threads").GetInt32());
    }

    [Theory]
    [InlineData("--replay @none.png", "none.png: there is no such picture")]
    [InlineData("--replay @init.png", "neither a text 'controlnetsharp' nor A1111's parameters")]
    [InlineData("--replay @model.safetensors", "model.safetensors")]
    [InlineData("--replay @first.png -p cat", "--prompt cannot be given together with --replay")]
    [InlineData("--replay @first.png --seed 3", "--seed cannot be given together with --replay")]
    [InlineData("--replay @first.png --tiling", "--tiling cannot be given together with --replay")]
    [InlineData("--replay @first.png --dtype bf16", "--dtype cannot be given together with --replay")]
    [InlineData("--replay @broken.png", "its manifest cannot be read")]
    [InlineData("--replay @empty.png", "its manifest cannot be read")]
    [InlineData("--replay @index.png", "its manifest cannot be read")]
    [InlineData("--replay @steps.png", "steps -2: must be a whole number from 1 to 1000")]
    [InlineData("--replay @first.png -o @first.png", "first.png is there already; --overwrite replaces it")]
    [InlineData("--replay @lost.png", "its text 'controlnetsharp.init' holds no picture")]
    public async Task Replay_ThatCannotBe_SaysWhy(string options, string expected)
    {
        await Generate("first.png", "--size 64x64 --init @init.png");
        Change("broken.png", texts => texts["controlnetsharp"] = "{\"version\"");
        Change("empty.png", texts => texts["controlnetsharp"] = "{}");
        Change("index.png", texts => texts["controlnetsharp"] = texts["controlnetsharp"].Replace("\"batchIndex\":0", "\"batchIndex\":7", StringComparison.Ordinal));
        Change("steps.png", texts => texts["controlnetsharp"] = texts["controlnetsharp"].Replace("\"steps\":2", "\"steps\":-2", StringComparison.Ordinal));
        Change("lost.png", texts => texts.Remove("controlnetsharp.init"));
        string[] place = options.Contains("-o ", StringComparison.Ordinal) ? [] : ["-o", _folder["out.png"]];
        await AssertRefused(2, expected, ["generate", .. options.Replace("@", _folder.Path + "/").Split(' '), .. place]);
    }

    private void Change(string file, Action<Dictionary<string, string>> change)
    {
        var texts = new Dictionary<string, string>(PngTexts.Read(_folder["first.png"]), StringComparer.Ordinal);
        change(texts);
        PictureWriter.WritePng(_folder[file], PictureReader.Read(_folder["first.png"]), texts);
    }

    private async Task AssertRefused(int exitCode, string expected, params string[] arguments)
    {
        var before = _folder.Listing();
        var run = await CommandRun.Of(arguments);
        Assert.Contains(expected, run.Message, StringComparison.Ordinal);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(before, _folder.Listing());
    }

    private Task<JsonElement> Generate(string file, string options) => CommandRun.JsonOf(
        ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder[file], "--steps", "2", "--seed", "5", "--dtype", "fp32", .. options.Replace("@", _folder.Path + "/").Split(' ')]);
}
