using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Tests.Pictures;
using SkiaSharp;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary><c>upscale</c>, and files of upscalers where pictures are generated.</summary>
public sealed class UpscaleCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public UpscaleCommandTests()
    {
        PictureWriter.WritePng(_folder["small.png"], TestPictures.Noise(40, 24), new Dictionary<string, string> { ["parameters"] = "a cat\nSteps: 4" });
        TinyUpscaler.Write(_folder["models/ESRGAN/4x_tiny.safetensors"], TinyUpscaler.Dense());
        TinyUpscaler.Write(_folder["models/RealESRGAN/realesr-general-x4v3.safetensors"], TinyUpscaler.Compact(2));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Upscale_ByAFile_IsWhatItsNetworkMakes_AndKeepsTheParameters()
    {
        using var network = TinyUpscaler.Dense();
        var expected = new PictureUpscaler(network).Enlarge(TestPictures.Noise(40, 24), 160, 96, cancellationToken: TestContext.Current.CancellationToken).Bytes();
        foreach (var model in new[] { _folder["models/ESRGAN/4x_tiny.safetensors"], "4x_tiny" })
        {
            var json = await CommandRun.JsonOf("upscale", _folder["small.png"], "--model", model, "--models", _folder["."], "-o", _folder["large.png"], "--overwrite");
            Assert.Equal(expected, PictureReader.Read(_folder["large.png"]).Bytes());
            Assert.Equal(("4x_tiny.safetensors", 4, 160, 96, false), (json.GetProperty("upscaler").GetString(), json.GetProperty("scale").GetDouble(), json.GetProperty("width").GetInt32(), json.GetProperty("height").GetInt32(), json.GetProperty("alpha").GetBoolean()));
        }

        Assert.Equal("a cat\nSteps: 4", PngTexts.Read(_folder["large.png"])["parameters"]);
        await CommandRun.JsonOf("upscale", _folder["small.png"], "--model", "R-ESRGAN General 4xV3", "--models", _folder["."], "--scale", "3", "--tile", "32", "--overlap", "8", "-o", _folder["three.png"]);
        var three = PictureReader.Read(_folder["three.png"]);
        Assert.Equal((120, 72), (three.Width, three.Height));
    }

    [Fact]
    public async Task Upscale_WithoutAFile_Interpolates_AndKeepsTransparency()
    {
        var colours = TestPictures.Noise(16, 16);
        var alpha = TestPictures.Of(16, 16, (x, _) => (x < 8 ? 0 : 255, x < 8 ? 0 : 255, x < 8 ? 0 : 255));
        File.WriteAllBytes(_folder["cut.png"], PictureWriter.EncodePng(colours, alpha, null));
        await CommandRun.JsonOf("upscale", _folder["cut.png"], "--model", "nearest", "-o", _folder["large.png"]);
        var (large, opacity) = PictureReader.ReadWithAlpha(File.ReadAllBytes(_folder["large.png"]));
        Assert.Equal(PictureResizing.Resize(colours, 32, 32, Interpolation.Nearest).Bytes(), large.Bytes());
        Assert.Equal(PictureResizing.Resize(alpha, 32, 32, Interpolation.Nearest).Bytes(), opacity!.Bytes());

        var json = await CommandRun.JsonOf("upscale", _folder["cut.png"], "--model", "4x_tiny", "--models", _folder["."], "-o", _folder["net.png"]);
        Assert.True(json.GetProperty("alpha").GetBoolean());
        // Read by another program's decoder, too.
        using var bitmap = SKBitmap.Decode(_folder["net.png"]);
        Assert.Equal((64, 64), (bitmap.Width, bitmap.Height));
        using var network = TinyUpscaler.Dense();
        var expected = new PictureUpscaler(network).Enlarge(alpha, 64, 64, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(new[] { (1, 1), (40, 30), (63, 63), (32, 5) }, place => Assert.Equal(expected.At(place.Item1, place.Item2).R, bitmap.GetPixel(place.Item1, place.Item2).Alpha));
    }

    [Fact]
    public async Task Upscale_OfAFileThatIsNoUpscaler_SaysWhatItIs()
    {
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        var run = await CommandRun.Of(["upscale", _folder["small.png"], "--model", _folder["control.safetensors"], "-o", _folder["large.png"]]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("this is controlnet; an upscaler (ESRGAN, Real-ESRGAN, compact) is needed", run.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["large.png"]));
    }

    [Theory]
    [InlineData("--hires 2,denoise=0.5,steps=2,upscaler=4x_tiny", "upscaler", "Hires upscaler: 4x_tiny")]
    [InlineData("--hires 1.5,denoise=0.5,steps=2,upscaler=R-ESRGAN_General_4xV3", "upscaler", "Hires upscaler: R-ESRGAN General 4xV3")]
    [InlineData("--upscale 2,tile=64,overlap=16,denoise=0.5,upscaler=4x_tiny,control=canny,model=@control.safetensors,weight=0.7", "upscaler upscaleControl", "SD upscale by: 2, SD upscale upscaler: 4x_tiny, SD upscale tile: 64, SD upscale overlap: 16, SD upscale control: canny")]
    [InlineData("--upscale 2,tile=64,overlap=16,control=scribble,model=@control.safetensors --init @small64.png", "upscaleControl", "Denoising strength: 0.4")]
    public async Task Generate_ThatEnlargesByAFile_IsReplayed_AndRefusedWhereTheFileHasChanged(string options, string resolved, string parameters)
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        PictureWriter.WritePng(_folder["small64.png"], TestPictures.Noise(64, 64));
        var size = options.Contains("--init", StringComparison.Ordinal) ? "" : " --size 64x64";
        string[] arguments = [.. $"generate{size} --steps 3 --seed 4 --models {_folder["."]} -m @model.safetensors -o @made.png {options}".Replace("@", _folder["."] + "/", StringComparison.Ordinal).Split(' ').Select(word => word.Replace("R-ESRGAN_General_4xV3", "R-ESRGAN General 4xV3", StringComparison.Ordinal)), "-p", "a red house"];
        await CommandRun.JsonOf(arguments);
        var made = PictureReader.Read(_folder["made.png"]);
        Assert.Equal(options.Contains("1.5", StringComparison.Ordinal) ? 96 : 128, made.Width);
        Assert.Contains(parameters, PngTexts.Read(_folder["made.png"])["parameters"], StringComparison.Ordinal);
        using var manifest = System.Text.Json.JsonDocument.Parse(PngTexts.Read(_folder["made.png"])["controlnetsharp"]);
        Assert.All(resolved.Split(' '), member => Assert.Equal(64, manifest.RootElement.GetProperty("resolved").GetProperty(member).GetProperty("sha256").GetString()!.Length));

        File.Delete(_folder["small64.png"]);
        await CommandRun.JsonOf("generate", "--replay", _folder["made.png"], "--models", _folder["."], "-o", _folder["again.png"]);
        Assert.Equal(made.Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());

        TinyUpscaler.Write(_folder["models/ESRGAN/4x_tiny.safetensors"], TinyUpscaler.Dense(seed: 11));
        TinyUpscaler.Write(_folder["models/RealESRGAN/realesr-general-x4v3.safetensors"], TinyUpscaler.Compact(4));
        TinyModel.WriteControlNet(_folder["control.safetensors"], change: tensors => tensors[TinyModel.ControlPrefix + "middle_block_out.0.bias"].add_(TorchSharp.torch.ones(1)));
        var run = await CommandRun.Of(["generate", "--replay", _folder["made.png"], "--models", _folder["."], "-o", _folder["other.png"]]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("is not the one that made", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_OfAnUpscaler_SaysScaleAndBlocks()
    {
        var json = await CommandRun.JsonOf("models", "inspect", _folder["models/ESRGAN/4x_tiny.safetensors"]);
        Assert.Equal(("upscaler", "ESRGAN (RRDB)", 4, "1 of 8 features"), (json.GetProperty("kind").GetString(), json.GetProperty("form").GetString(), json.GetProperty("scale").GetInt32(), json.GetProperty("blocks").GetString()));
    }

    [Fact]
    public async Task Replay_OfAnotherProgramsPicture_FindsItsUpscaler_OrSaysThatItIsLost()
    {
        const string text = "a red house\nSteps: 3, Sampler: Euler, CFG scale: 3, Seed: 4, Size: 64x64, Model: tiny, RNG: CPU, Denoising strength: 0.5, Hires upscale: 1.5, Hires steps: 2, Hires upscaler: {0}, Version: v1.10.1";
        TinyModel.WriteModel(_folder["model.safetensors"]);
        async Task<CommandRun> Printed(string upscaler, params string[] more)
        {
            PictureWriter.WritePng(_folder["foreign.png"], TestPictures.Noise(96, 96), new Dictionary<string, string> { ["parameters"] = text.Replace("{0}", upscaler, StringComparison.Ordinal) });
            return await CommandRun.Of(["generate", "--replay", _folder["foreign.png"], "-m", _folder["model.safetensors"], "--models", _folder["."], "--print-request", .. more]);
        }

        var found = await Printed("4x_tiny");
        Assert.Equal((0, "4x_tiny"), (found.ExitCode, found.Json.GetProperty("hires").GetProperty("upscaler").GetString()));
        Assert.Equal("R-ESRGAN General 4xV3", (await Printed("R-ESRGAN General 4xV3")).Json.GetProperty("hires").GetProperty("upscaler").GetString());
        var lost = await Printed("4x-UltraSharp", "--lenient");
        Assert.Contains("Hires upscaler 4x-UltraSharp", lost.Message, StringComparison.Ordinal);
        Assert.Equal("latent", lost.Json.GetProperty("hires").GetProperty("upscaler").GetString());
    }
}
