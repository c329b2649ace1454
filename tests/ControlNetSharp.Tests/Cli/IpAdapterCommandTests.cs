using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

/// <summary>IP-Adapters, from tiny random files through the command line.</summary>
public sealed class IpAdapterCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public IpAdapterCommandTests()
    {
        PictureWriter.WritePng(_folder["photo.png"], TestPictures.Noise(80, 64));
        PictureWriter.WritePng(_folder["other.png"], TestPictures.Square(70, 90));
        PictureWriter.WritePng(_folder["black.png"], Picture.Owning(64, 64, new byte[3 * 64 * 64]));
        Directory.CreateDirectory(_folder["image_encoder"]);
        Write(_folder["image_encoder/model.safetensors"], new ClipVision(Vision, Placement.Cpu32), new CheckpointMetadata { Heads = Vision.Heads });
    }

    private static ClipVisionParams Vision { get; } = new() { Width = 48, InnerWidth = 96, Layers = 2, Heads = 4, Patch = 14, Grid = 4, EmbeddingWidth = 40, IsQuick = false };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("base", false)]
    [InlineData("plus", false)]
    [InlineData("full-face", false)]
    [InlineData("base", true)]
    public async Task Generate_WithATinyRandomFile_FollowsThePicture_AlsoBesideASecondUnit(string form, bool isXl)
    {
        WriteModels(form, isXl);
        var plain = await Made();
        var alone = await Made("-c", Unit("photo.png"));
        Assert.NotEqual(plain, alone);
        Assert.NotEqual(alone, await Made("-c", Unit("other.png")));
        var begun = await Made("-c", Unit("photo.png", ",end=0"));
        Assert.NotEqual(alone, begun);
        Assert.Equal(begun, await Made("-c", Unit("photo.png", ",weight=0:1|0.4:0")));
        Assert.Equal(alone, await Made("-c", Unit("photo.png", ",weight=0:1|1:1")));
        string[] region = ["--region", $"b,mask={_folder["photo.png"]},negative=c"];
        Assert.NotEqual(await Made(region), await Made([.. region, "-c", Unit("photo.png")]));
        Assert.NotEqual(alone, await Made("-c", Unit("photo.png"), "-c", "canny=photo.png,annotator=none,model=control.safetensors"));
        Assert.NotEqual(alone, await Made("-c", Unit("photo.png"), "-c", Unit("other.png")));

        // Neither of weight 0 nor where its mask is black does it leave a trace.
        Assert.Equal(plain, await Made("-c", Unit("photo.png", ",weight=0")));
        Assert.Equal(plain, await Made("-c", Unit("photo.png", $",mask={_folder["black.png"]}")));
        Assert.Equal(plain, await Made("-c", Unit("photo.png", ",layers=" + string.Join(':', Enumerable.Repeat("0", isXl ? 11 : 4)))));
    }

    [Fact]
    public async Task Generate_WithSeveralPictures_TakesTheirMeanOrAll()
    {
        WriteModels("plus", isXl: false);
        var (photo, other) = (_folder["photo.png"], _folder["other.png"]);
        var alone = await Made("-c", Unit("photo.png"));
        Assert.Equal(alone, await Made("-c", Unit("photo.png", $",more={photo}")));
        var mean = await Made("-c", Unit("photo.png", $",more={other}"));
        var all = await Made("-c", Unit("photo.png", $",more={other},combine=concat"));
        Assert.NotEqual(alone, mean);
        Assert.NotEqual(mean, all);
        Assert.NotEqual(mean, await Made("-c", Unit("photo.png", $",more={other},more={other}")));

        var json = _folder["request.json"];
        await File.WriteAllTextAsync(json, """{"prompt": "a", "model": "model.safetensors", "seed": 1, "steps": 2, "units": [{"kind": "ip-adapter", "picture": "photo.png", "more": ["other.png"], "combine": "concat", "model": "ip.safetensors"}]}""", TestContext.Current.CancellationToken);
        Assert.Equal(all, await Run("generate", "--request", json));
        var unit = _folder["unit.json"];
        await File.WriteAllTextAsync(unit, """{"kind": "ip", "picture": "photo.png", "more": ["other.png"], "combine": "concat", "model": "ip.safetensors"}""", TestContext.Current.CancellationToken);
        Assert.Equal(all, await Made("-c", "@" + unit));
    }

    [Fact]
    public async Task Generate_WithATransfer_IsThatOfItsLayers()
    {
        WriteModels("base", isXl: true);
        Assert.Equal(await Made("-c", Unit("photo.png", ",transfer=style")), await Made("-c", Unit("photo.png", ",layers=0:0:0:0:0:0:1:0:0:0:0")));
        Assert.Equal(await Made("-c", Unit("photo.png", ",transfer=composition")), await Made("-c", Unit("photo.png", ",layers=0:0:0:1:0:0:0:0:0:0:0")));
        Assert.NotEqual(await Made("-c", Unit("photo.png", ",transfer=style")), await Made("-c", Unit("photo.png")));
    }

    [Fact]
    public async Task Generate_OfABatch_GivesEachPictureWhatItGetsAlone_AndReplayNeedsNoPhoto()
    {
        WriteModels("base", isXl: false);
        await Made("-c", Unit("photo.png", $",more={_folder["other.png"]}"), "--batch", "2");
        var first = _folder["out-0001.png"];
        await Made("-c", Unit("photo.png", $",more={_folder["other.png"]}"), "--seed", "2");
        // Sums in a batch are taken in another order; a byte may fall on the other side of a step.
        PictureAssert.WithinLevels(PictureReader.Read(_folder["out.png"]), PictureReader.Read(first), 1, "the second picture");
        File.Delete(_folder["photo.png"]);
        File.Delete(_folder["other.png"]);
        var json = await CommandRun.JsonOf("generate", "--replay", first, "-o", _folder["again.png"], "--overwrite");
        Assert.Equal(PictureReader.Read(first).Bytes(), PictureReader.Read(json.GetProperty("files")[0].GetString()!).Bytes());
        Assert.Equal(PngTexts.Read(first)["controlnetsharp"], PngTexts.Read(_folder["again.png"])["controlnetsharp"]);
    }

    [Fact]
    public async Task Generate_WithoutTheEncoder_NamesIt_AndFindsItInTheFoldersOfOthers()
    {
        WriteModels("base", isXl: false);
        var alone = await Made("-c", Unit("photo.png"));
        Directory.CreateDirectory(_folder["models/clip_vision"]);
        File.Move(_folder["image_encoder/model.safetensors"], _folder["models/clip_vision/mine.safetensors"]);
        Assert.Equal(alone, await Made("-c", Unit("photo.png")));
        File.Move(_folder["models/clip_vision/mine.safetensors"], _folder["mine.safetensors"]);
        var run = await CommandRun.Of(Arguments("-c", Unit("photo.png")));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("needs a CLIP image encoder whose embeddings have 40 numbers", run.Message, StringComparison.Ordinal);
        Assert.Contains("image_encoder/model.safetensors beside it", run.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(",mode=prompt", "its only mode is balanced")]
    [InlineData(",transfer=style", "16")]
    [InlineData(",layers=1:1", "must have 4 weights")]
    [InlineData(",transfer=style,layers=1:1:1:1", "give one of both")]
    [InlineData(",pooling=average", "no residuals")]
    public async Task Generate_WithWhatAnIpAdapterHasNot_IsRefused(string more, string message)
    {
        WriteModels("base", isXl: false);
        var run = await CommandRun.Of(Arguments("-c", Unit("photo.png", more)));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithKindAndFileThatDoNotGoTogether_SaysWhatEachIs()
    {
        WriteModels("base", isXl: false);
        Assert.Contains("is no IP-Adapter", (await CommandRun.Of(Arguments("-c", "ip=photo.png,model=control.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Contains("is an IP-Adapter; its unit is ip=PICTURE", (await CommandRun.Of(Arguments("-c", "canny=photo.png,annotator=none,model=ip.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Contains("is for IP-Adapters", (await CommandRun.Of(Arguments("-c", "canny=photo.png,transfer=style,model=control.safetensors"))).Message, StringComparison.Ordinal);
        TinyModel.WriteSdxl(_folder["model.safetensors"]);
        var run = await CommandRun.Of(Arguments("-c", Unit("photo.png")));
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("this IP-Adapter is for ", run.Message, StringComparison.Ordinal);
        Assert.Contains("; the model ", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_TellsFormAndWhatItNeeds()
    {
        WriteModels("plus", isXl: true);
        var json = await CommandRun.JsonOf("models", "inspect", _folder["ip.safetensors"]);
        Assert.Equal(("ip-adapter", "plus", "ip"), (json.GetProperty("kind").GetString(), json.GetProperty("form").GetString(), json.GetProperty("hint").GetString()));
        Assert.Contains("tokens have 48 numbers", json.GetProperty("needs").GetString(), StringComparison.Ordinal);
        var encoder = await CommandRun.JsonOf("models", "inspect", _folder["image_encoder/model.safetensors"]);
        Assert.Equal("image encoder", encoder.GetProperty("kind").GetString());
    }

    private string Unit(string picture, string more = "") => $"ip={_folder[picture]},model=ip.safetensors{more}";

    private void WriteModels(string form, bool isXl)
    {
        using var scope = NewDisposeScope();
        var unet = isXl ? TinyModel.Sdxl : TinyModel.UNetParams;
        _ = isXl ? TinyModel.WriteSdxl(_folder["model.safetensors"]) : TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"], unet);
        ImageProjectionParams projection = form switch
        {
            "base" => new LinearProjectionParams(Vision.EmbeddingWidth, 4),
            "plus" => new ResamplerParams(Vision.Width) { Channels = 16, Queries = 3, Layers = 1, AttentionWidth = 16, Heads = 2, InnerWidth = 32 },
            _ => new TokenProjectionParams(Vision.Width, 24),
        };
        IpAdapterParams p = new()
        {
            ContextChannels = unet.ContextChannels,
            Channels = [.. TextAttention.InFileOrder(unet).Select(attention => attention.Channels)],
            Projection = projection,
        };
        Write(_folder["ip.safetensors"], new IpAdapter(p, Placement.Cpu32), TinyModel.Metadata);
    }

    private static void Write(string path, nn.Module network, CheckpointMetadata metadata)
    {
        using var scope = NewDisposeScope();
        using var owned = FormulaWeights.Fill(network, "", 9);
        SafetensorsWriter.Write(path, owned.named_parameters().ToDictionary(p => p.name, p => p.parameter.clone()), metadata.Write());
    }

    private string[] Arguments(params string[] more) =>
        ["generate", "-m", _folder["model.safetensors"], "-p", "a", .. more.Contains("--seed") ? Array.Empty<string>() : ["--seed", "1"], "--steps", "2", "--dtype", "fp32", "--models", _folder.Path, "-o", _folder["out.png"], "--overwrite", .. more.Select(Placed)];

    /// <summary>Pictures and networks lie in the folder of the test.</summary>
    private string Placed(string argument) => argument.Replace("=photo.png", "=" + _folder["photo.png"], StringComparison.Ordinal).Replace("model=", "model=" + _folder.Path + "/", StringComparison.Ordinal);

    private Task<byte[]> Made(params string[] more) => Run(Arguments(more));

    private async Task<byte[]> Run(params string[] arguments)
    {
        string[] all = arguments.Contains("-o") ? arguments : [.. arguments, "-o", _folder["out.png"], "--overwrite", "--dtype", "fp32", "--models", _folder.Path];
        var run = await CommandRun.Of(all);
        Assert.True(run.ExitCode == 0, run.Message);
        return all.Contains("--batch") ? [] : PictureReader.Read(_folder["out.png"]).Bytes();
    }
}
