using System.Text.Json;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary><c>generate</c> from pictures, under masks, in two passes and with the finer options of units.</summary>
public sealed class InitialCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public InitialCommandTests()
    {
        PictureWriter.WritePng(_folder["init.png"], TestPictures.Noise(96, 64));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Square(96, 64));
        PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(96, 64));
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_v11e_sd15_shuffle.safetensors"]);
        TinyModel.WriteControlNet(_folder["control_v11p_sd15_inpaint.safetensors"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_FromAPictureWithAMask_KeepsWhatIsBlack_AndSaysSo()
    {
        var (made, manifest, parameters) = await Generate("--size 96x64 --init @init.png --mask @mask.png --mask-blur 0 --denoise 0.5 --masked-content noise");
        var (init, mask) = (TestPictures.Noise(96, 64), TestPictures.Square(96, 64));
        Assert.All(Enumerable.Range(0, 96 * 64).Where(i => mask.At(i % 96, i / 96).R == 0), i => Assert.Equal(init.At(i % 96, i / 96), made.At(i % 96, i / 96)));
        Assert.NotEqual(init.Bytes(), made.Bytes());
        var recorded = manifest.GetProperty("initial");
        var recordedMask = recorded.GetProperty("mask");
        Assert.Equal((0.5, "noise", 0), (recorded.GetProperty("denoise").GetDouble(), recordedMask.GetProperty("content").GetString(), recordedMask.GetProperty("blur").GetInt32()));
        Assert.Contains("Denoising strength: 0.5, RNG: CPU, Mask blur: 0, Masked content: latent noise, ", parameters, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithoutSize_TakesThatOfTheInitialPicture_AndOnlyMaskedKeepsItExactly()
    {
        PictureWriter.WritePng(_folder["init.png"], TestPictures.Noise(250, 61));
        PictureWriter.WritePng(_folder["mask.png"], TestPictures.Square(250, 61));
        var made = (await Generate("--init @init.png")).Picture;
        Assert.Equal((128, 64), (made.Width, made.Height));
        made = (await Generate("--init @init.png --mask @mask.png --only-masked")).Picture;
        Assert.Equal((250, 61), (made.Width, made.Height));
    }

    [Fact]
    public async Task Generate_WithASecondPass_WritesTheLargerPicture()
    {
        var (made, manifest, parameters) = await Generate("--size 64x64 --hires 1.5,denoise=0.4,steps=3,upscaler=lanczos");
        Assert.Equal((96, 96), (made.Width, made.Height));
        Assert.Equal((1.5, "lanczos"), (manifest.GetProperty("hires").GetProperty("scale").GetDouble(), manifest.GetProperty("hires").GetProperty("upscaler").GetString()));
        Assert.Contains("Size: 64x64", parameters, StringComparison.Ordinal);
        Assert.Contains("Denoising strength: 0.4, RNG: CPU, Hires upscale: 1.5, Hires steps: 3, Hires upscaler: Lanczos", parameters, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithTiling_GivesOtherPixels() =>
        Assert.NotEqual((await Generate("--size 64x64")).Picture.Bytes(), (await Generate("--size 64x64 --tiling")).Picture.Bytes());

    [Fact]
    public async Task Unit_WithAMaskOrLayers_ActsAsTheySay()
    {
        PictureWriter.WritePng(_folder["black.png"], TestPictures.Of(96, 64, (_, _) => (0, 0, 0)));
        async Task<byte[]> Pixels(string options) => (await Generate($"--size 64x64{options}")).Picture.Bytes();
        string Unit(string more) => $" -c canny=@square.png,model=@control.safetensors{more}";
        var (none, full) = (await Pixels(""), await Pixels(Unit("")));
        Assert.Equal(none, await Pixels(Unit(",mask=@black.png")));
        Assert.NotEqual(full, await Pixels(Unit(",mask=@mask.png")));
        Assert.Equal(full, await Pixels(Unit(",layers=1:1:1:1:1")));
        Assert.NotEqual(full, await Pixels(Unit(",layers=1;1;1;1;0")));
        File.WriteAllText(_folder["unit.json"], $"{{\"kind\": \"canny\", \"picture\": \"{_folder["square.png"]}\", \"model\": \"{_folder["control.safetensors"]}\", \"layers\": [1, 1, 1, 1, 0]}}");
        Assert.Equal(await Pixels(Unit(",layers=1;1;1;1;0")), await Pixels(" -c @@unit.json"));
        Assert.Equal(none, await Pixels(Unit(",layers=0:0:0:0:0")));
    }

    [Fact]
    public async Task Unit_OfAShuffleControlNet_IsAveraged_AsItsNameOrConfigurationSays()
    {
        async Task<(byte[] Pixels, bool Pooled)> With(string model, string more = "")
        {
            var (picture, manifest, _) = await Generate($"--size 64x64 -c hint=@init.png,model=@{model}{more}");
            return (picture.Bytes(), manifest.GetProperty("resolved").GetProperty("units")[0].GetProperty("pooled").GetBoolean());
        }

        var (plain, named) = (await With("control.safetensors"), await With("control_v11e_sd15_shuffle.safetensors"));
        Assert.Equal((false, true), (plain.Pooled, named.Pooled));
        Assert.NotEqual(plain.Pixels, named.Pixels);
        Assert.Equal(plain.Pixels, (await With("control_v11e_sd15_shuffle.safetensors", ",pooling=none")).Pixels);
        Assert.Equal(named.Pixels, (await With("control.safetensors", ",pooling=average")).Pixels);
        TinyModel.WriteControlNet(_folder["diffusion_pytorch_model.safetensors"]);
        Assert.Equal(plain.Pixels, (await With("diffusion_pytorch_model.safetensors")).Pixels);
        File.WriteAllText(_folder["config.json"], "{\"_class_name\": \"ControlNetModel\", \"global_pool_conditions\": true}");
        Assert.Equal(named.Pixels, (await With("diffusion_pytorch_model.safetensors")).Pixels);
        Assert.Equal(plain.Pixels, (await With("control.safetensors")).Pixels);
    }

    [Fact]
    public async Task Unit_OfAnInpaintingControlNet_TakesItsHolesFromTheMask_OrItsOwn_AndNeedsSome()
    {
        async Task<byte[]> Pixels(string options) => (await Generate($"--size 96x64 {options}")).Picture.Bytes();
        var own = await Pixels("-c hint=@init.png,model=@control_v11p_sd15_inpaint.safetensors,inpaint=@mask.png");
        Assert.Equal(own, await Pixels("-c hint=@init.png,model=@control.safetensors,inpaint=@mask.png"));
        Assert.NotEqual(own, await Pixels("-c hint=@init.png,model=@control.safetensors"));
        var masked = "--init @init.png --mask @mask.png -c hint=@init.png,model=@control_v11p_sd15_inpaint.safetensors";
        Assert.Equal(await Pixels(masked), await Pixels(masked + ",inpaint=@mask.png"));
        var run = await CommandRun.Of(Arguments("-c hint=@init.png,model=@control_v11p_sd15_inpaint.safetensors"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("inpaint=MASK in the unit, or a mask for the initial picture", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unit_WithTheWrongNumberOfLayers_IsRefusedWithTheRightOne()
    {
        var run = await CommandRun.Of(Arguments("--size 64x64 -c canny=@square.png,model=@control.safetensors,layers=1:1"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("layers=1:1: must have 5 weights for this ControlNet", run.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.png"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Generate_ByAnInpaintingModel_KeepsThePictureAroundTheMask_AndSeesIt(bool isXl)
    {
        _ = isXl ? TinyModel.WriteSdxl(_folder["model.safetensors"], unet: TinyModel.Sdxl with { InChannels = 9 }) : TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.Inpainting);
        var (init, mask) = (TestPictures.Noise(96, 64), TestPictures.Square(96, 64));
        async Task<byte[]> From(Func<int, int, (int, int, int)> picture, string options = "")
        {
            PictureWriter.WritePng(_folder["init.png"], TestPictures.Of(96, 64, picture));
            var (made, _, _) = await Generate($"--size 96x64 --init @init.png --mask @mask.png --mask-blur 0 --denoise 1 --masked-content noise {options}");
            return made.Bytes();
        }

        (int R, int G, int B) Of(int x, int y) => (init.At(x, y).R, init.At(x, y).G, init.At(x, y).B);
        bool IsMasked(int x, int y) => mask.At(x, y).R > 0;
        var first = await From((x, y) => Of(x, y));
        Assert.All(Enumerable.Range(0, 96 * 64).Where(i => !IsMasked(i % 96, i / 96)), i => Assert.Equal(Of(i % 96, i / 96), (first[3 * i], first[3 * i + 1], first[3 * i + 2])));
        var around = await From((x, y) => IsMasked(x, y) ? Of(x, y) : (0, 90, 0));
        Assert.Contains(Enumerable.Range(0, 96 * 64).Where(i => IsMasked(i % 96, i / 96)), i => around[3 * i] != first[3 * i]);
    }

    private async Task<(Picture Picture, JsonElement Manifest, string Parameters)> Generate(string options)
    {
        var run = await CommandRun.Of(Arguments(options));
        Assert.True(run.ExitCode == 0, run.Message);
        var texts = PngTexts.Read(_folder["out.png"]);
        using var manifest = JsonDocument.Parse(texts["controlnetsharp"]);
        return (PictureReader.Read(_folder["out.png"]), manifest.RootElement.Clone(), texts["parameters"]);
    }

    private string[] Arguments(string options) =>
    [
        "generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["out.png"], "--overwrite", "--steps", "2", "--seed", "5", "--dtype", "fp32",
        .. options.Replace("@@", "\0").Replace("@", _folder.Path + "/").Replace("\0", "@" + _folder.Path + "/").Split(' ', StringSplitOptions.RemoveEmptyEntries),
    ];
}
