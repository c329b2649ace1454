using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Regions and strengths through the command line, into the manifest and back.</summary>
public sealed class RegionCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RegionCommandTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        PictureWriter.WritePng(_folder["left, half.png"], TestPictures.Of(64, 64, (x, _) => x < 32 ? (255, 255, 255) : (0, 0, 0)));
        PictureWriter.WritePng(_folder["black.png"], TestPictures.Of(64, 64, (_, _) => (0, 0, 0)));
        PictureWriter.WritePng(_folder["wide.png"], TestPictures.Of(96, 32, (_, _) => (255, 255, 255)));
        PictureWriter.WritePng(_folder["room.png"], TestPictures.Square(64, 64));
    }

    public void Dispose() => _folder.Dispose();

    private string Region => $"\"a boat, blue\",mask=\"{_folder["left, half.png"]}\",weight=0.8,negative=night";

    [Theory]
    [InlineData]
    [InlineData("--hires", "1.5,denoise=0.5,steps=2")]
    [InlineData("--init", "@room.png", "--mask", "@left, half.png", "--only-masked", "--mask-padding", "4")]
    [InlineData("--upscale", "2,tile=64,overlap=32")]
    public async Task Generate_WithARegion_IsMadeAgainFromItsManifest_WithoutTheMask_AndFromItsPrintedRequest(params string[] more)
    {
        var placed = more.Select(argument => argument.Replace("@", _folder.Path + "/", StringComparison.Ordinal)).ToArray();
        var plain = await Made(placed);
        var made = await Made([.. placed, "--region", Region]);
        Assert.NotEqual(plain, made);
        File.Copy(_folder["out.png"], _folder["first.png"]);
        var printed = await CommandRun.Of(Arguments([.. placed, "--region", Region, "--print-request"]));
        File.WriteAllText(_folder["request.json"], printed.Result);
        Assert.Equal(made, await Run("generate", "--request", _folder["request.json"], "--dtype", "fp32", "-o", _folder["out.png"], "--overwrite"));

        var manifest = Replay.Read(_folder["first.png"]).Manifest;
        Assert.Equal(("a boat, blue", "night", 0.8), (manifest.Request.Regions[0].Prompt, manifest.Request.Regions[0].NegativePrompt, manifest.Request.Regions[0].Weight));
        File.Delete(_folder["left, half.png"]);
        Assert.Equal(made, await Run("generate", "--replay", _folder["first.png"], "-o", _folder["again.png"]));
    }

    [Fact]
    public async Task Generate_WithARegionFromAFile_CountsItsMaskFromThere()
    {
        Directory.CreateDirectory(_folder["regions"]);
        File.WriteAllText(_folder["regions/boat.json"], """{"prompt": "a boat, blue", "negativePrompt": "night", "weight": 0.8, "mask": "../left, half.png"}""");
        Assert.Equal(await Made("--region", Region), await Made("--region", "@" + _folder["regions/boat.json"]));
    }

    [Theory]
    [InlineData("a boat", "mask=PICTURE")]
    [InlineData("a boat,mask=", "mask=PICTURE")]
    [InlineData("a=boat,mask=m.png", "in quotes")]
    [InlineData("a boat,blue,mask=m.png", "'blue' must be one of mask=…, weight=…, negative=…")]
    [InlineData("a boat,mask=m.png,mask=m.png", "each at most once")]
    [InlineData("a boat,mask=m.png,weight=x", "weight=x")]
    [InlineData("a boat,mask=m.png,weight=3", "must be a number from 0 to 2")]
    [InlineData("a boat,mask=missing.png", "there is no such picture")]
    [InlineData("a boat,mask=@black.png", "must have white pixels")]
    [InlineData("a (boat:x,mask=@black.png", "")]
    [InlineData("a <lora:b:1>,mask=m.png", "LoRAs act on the whole picture")]
    [InlineData("@missing.json", "there is no such file")]
    [InlineData("@@broken.json", "lacks 'mask'")]
    public async Task Generate_WithARegionThatCannotBe_IsRefused_NamingTheOption(string region, string message)
    {
        File.WriteAllText(_folder["broken.json"], """{"prompt": "a"}""");
        var placed = region.Length > 1 && region.LastIndexOf('@') is > 0 and var at ? region[..at] + _folder.Path + "/" + region[(at + 1)..] : region;
        var run = await CommandRun.Of(Arguments("--region", placed));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--region", run.Message, StringComparison.Ordinal);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAMaskOfAnotherShape_AndStrengthsThatA1111HasNoWordsFor_SaysSo()
    {
        var unit = $"canny={_folder["room.png"]},model={_folder["control.safetensors"]},weight=0:1|0.5:0.2,unconditional=0.5";
        var run = await CommandRun.Of(Arguments("-c", unit, "--size", "64x64", "--region", $"a boat,mask={_folder["wide.png"]}"));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("96 x 32 pixels, another shape than the result (64 x 64)", run.Message, StringComparison.Ordinal);
        Assert.Contains("weight=0:1|0.5:0.2: the manifest says it; A1111's parameters have no words for it and have the mean, 0.4.", run.Message, StringComparison.Ordinal);
        var made = PictureReader.Read(_folder["out.png"]).Bytes();
        Assert.Equal("0:1|0.5:0.2", Replay.Read(_folder["out.png"]).Manifest.Request.Units[0].Weight.ToString());
        Assert.Equal(made, await Run("generate", "--replay", _folder["out.png"], "-o", _folder["again.png"]));
    }

    private string[] Arguments(params string[] more) =>
        ["generate", "-m", _folder["model.safetensors"], "-p", "a house", "--seed", "1", "--steps", "2", "--dtype", "fp32", "-o", _folder["out.png"], "--overwrite", .. more];

    private Task<byte[]> Made(params string[] more) => Run(Arguments(more));

    private static async Task<byte[]> Run(params string[] arguments)
    {
        var run = await CommandRun.Of(arguments);
        Assert.True(run.ExitCode == 0, run.Message);
        return PictureReader.Read(arguments[Array.LastIndexOf(arguments, "-o") + 1]).Bytes();
    }
}
