using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Reference pictures and aligned styles, which need no file, through the command line with tiny random models.</summary>
public sealed class ReferenceUnitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ReferenceUnitTests() => PictureWriter.WritePng(_folder["photo.png"], TestPictures.Square(64, 64));

    public static TheoryData<string> Modules => ["reference_only", "reference_adain", "reference_adain+attn"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Modules))]
    public async Task Generate_WithAReference_IsAnotherPicture_AlsoBesideASecondUnit(string module)
    {
        WriteModel(isXl: module == "reference_adain");
        var unit = $"reference={_folder["photo.png"]},annotator={module}";
        var plain = await Made();
        var alone = await Made("-c", unit);
        Assert.NotEqual(plain, alone);
        Assert.Equal(plain, await Made("-c", unit + ",weight=0"));
        var most = await Made("-c", unit + ",fidelity=1");
        Assert.NotEqual(alone, most);
        Assert.Equal(most, await Made("-c", unit + ",mode=control"));
        Assert.NotEqual(alone, await Made("-c", unit, "-c", $"canny={_folder["photo.png"]},model={_folder["control.safetensors"]}"));
    }

    [Fact]
    public async Task Generate_BesideARegion_IsReferringOrAlignedToo()
    {
        WriteModel(isXl: false);
        PictureWriter.WritePng(_folder["left.png"], TestPictures.Of(64, 64, (x, _) => x < 32 ? (255, 255, 255) : (0, 0, 0)));
        string[] region = ["--region", $"b,mask={_folder["left.png"]},negative=c"];
        var plain = await Made(region);
        var referring = await Made([.. region, "-c", $"reference={_folder["photo.png"]}"]);
        Assert.NotEqual(plain, referring);
        Assert.NotEqual(referring, await Made([.. region, "-c", $"reference={_folder["photo.png"]},fidelity=1"]));
        var (batch, aligned) = (await Batch(region), await Batch([.. region, "--style-align", "first"]));
        Assert.True(Difference(batch[0], aligned[0]) <= 1, "the first picture");
        Assert.True(Difference(batch[1], aligned[1]) > 1, "the second picture");
    }

    [Fact]
    public async Task Generate_WithAReferenceInTheModePrompt_OrForAPartOfTheSteps_IsLessLikeIt()
    {
        WriteModel(isXl: false);
        var unit = $"reference={_folder["photo.png"]}";
        Assert.Equal(await Made("-c", unit + ",mode=prompt"), await Made("-c", unit + ",fidelity=0"));
        var whole = await Made("-c", unit);
        Assert.Equal(whole, await Made("-c", unit));
        var begun = await Made("-c", unit + ",end=0.3");
        Assert.NotEqual(whole, begun);
        Assert.Equal(begun, await Made("-c", unit + ",weight=0:1|0.5:0"));
        Assert.Equal(whole, await Made("-c", unit + ",weight=0:1|1:1"));
    }

    [Fact]
    public async Task Generate_WithAReference_IsMadeAgainFromItsManifest_AndFromJson()
    {
        WriteModel(isXl: false);
        var unit = $"reference={_folder["photo.png"]},annotator=reference_adain+attn,fidelity=0.8,rule=diffusers";
        var made = await Made("-c", unit, "--sampler", "Heun");
        File.Copy(_folder["out.png"], _folder["first.png"]);
        await Run("generate", "--replay", _folder["first.png"], "--models", _folder.Path, "-o", _folder["again.png"]);
        Assert.Equal(made, PictureReader.Read(_folder["again.png"]).Bytes());
        var settled = Replay.Read(_folder["first.png"]).Manifest;
        Assert.Equal(("reference_adain+attn", null), (settled.Resolved.Units[0].Annotator, settled.Resolved.Units[0].ControlNet));

        await File.WriteAllTextAsync(
            _folder["request.json"],
            """{"prompt": "a", "model": "model.safetensors", "seed": 1, "steps": 2, "sampler": "Heun", "units": [{"kind": "reference", "picture": "photo.png", "annotator": "reference_adain+attn", "options": {"fidelity": 0.8, "rule": 1}}]}""",
            TestContext.Current.CancellationToken);
        await Run("generate", "--request", _folder["request.json"], "--dtype", "fp32", "--models", _folder.Path, "-o", _folder["json.png"]);
        Assert.Equal(made, PictureReader.Read(_folder["json.png"]).Bytes());
    }

    [Fact]
    public async Task Generate_WithTwoReferences_SeesBoth_AndWithARegion_OnlyThat()
    {
        WriteModel(isXl: false);
        PictureWriter.WritePng(_folder["other.png"], TestPictures.Noise(64, 64));
        PictureWriter.WritePng(_folder["black.png"], Greyscale.ToPicture(new byte[64 * 64], 64, 64));
        var (one, two) = ($"reference={_folder["photo.png"]}", $"reference={_folder["other.png"]}");
        var both = await Made("-c", one, "-c", two);
        Assert.NotEqual(await Made("-c", one), both);
        Assert.NotEqual(await Made("-c", two), both);
        var style = $"{one},annotator=reference_adain";
        Assert.Equal(await Made(), await Made("-c", $"{style},fidelity=0,mask={_folder["black.png"]}"));
        Assert.NotEqual(await Made(), await Made("-c", style + ",fidelity=0"));
    }

    [Theory]
    [InlineData("model=control.safetensors", "the kind reference has no ControlNet")]
    [InlineData("layers=1:1", "whose layers they could be")]
    [InlineData("pooling=average", "whose residuals could be averaged")]
    [InlineData("fidelity=1.5", "a number from 0 to 1")]
    [InlineData("rule=comfyui", "webui or diffusers")]
    [InlineData("annotator=canny", "reference_only")]
    public async Task Generate_WithWhatAReferenceHasNot_IsRefused(string option, string message)
    {
        WriteModel(isXl: false);
        var run = await CommandRun.Of(Arguments("-c", $"reference={_folder["photo.png"]},{option}"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAnAlignedStyle_LeavesTheFirstPictureAlone_AndChangesTheOthers()
    {
        WriteModel(isXl: false);
        var plain = await Batch();
        var first = await Batch("--style-align", "first");
        Assert.True(Difference(plain[0], first[0]) <= 1, "the first picture");
        Assert.True(Difference(plain[1], first[1]) > 1, "the second picture");
        var all = await Batch("--style-align", "all");
        Assert.True(Difference(plain[0], all[0]) > 1, "the first picture, where all see all");
        Assert.NotEqual(first[1], (await Batch("--style-align", "first,scale=0.5,shift=-0.7,values=true,norms=true"))[1]);
        Assert.Equal(plain[1], (await Batch("--style-align", "first,plain=1"))[1]);
    }

    [Theory]
    [InlineData("all", "1", "needs a batch of at least 2")]
    [InlineData("some", "2", "must begin with first or all")]
    [InlineData("first,scale=9", "2", "a number from 0 to 2")]
    [InlineData("first,speed=9", "2", "must be one of scale=")]
    [InlineData("first,values=maybe", "2", "must be true or false")]
    public async Task Generate_WithAStyleThatCannotBeAligned_IsRefused(string text, string batch, string message)
    {
        WriteModel(isXl: false);
        var run = await CommandRun.Of(Arguments("--batch", batch, "--style-align", text));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Message, StringComparison.Ordinal);
        Assert.Contains("--style-align", run.Message, StringComparison.Ordinal);
    }

    private void WriteModel(bool isXl)
    {
        _ = isXl ? TinyModel.WriteSdxl(_folder["model.safetensors"]) : TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"], isXl ? TinyModel.Sdxl : TinyModel.UNetParams);
    }

    private static int Difference(byte[] one, byte[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max();

    private string[] Arguments(params string[] more) =>
        ["generate", "-m", _folder["model.safetensors"], "-p", "a", "--seed", "1", "--steps", "2", "--dtype", "fp32", "--models", _folder.Path, "-o", _folder["out.png"], "--overwrite", .. more];

    private async Task<byte[]> Made(params string[] more)
    {
        await Run(Arguments(more));
        return PictureReader.Read(_folder["out.png"]).Bytes();
    }

    private async Task<byte[][]> Batch(params string[] more)
    {
        foreach (var old in Directory.GetFiles(_folder.Path, "out*.png"))
        {
            File.Delete(old);
        }

        await Run(Arguments(["--batch", "2", .. more]));
        return [.. Directory.GetFiles(_folder.Path, "out*.png").Order(StringComparer.Ordinal).Select(path => PictureReader.Read(path).Bytes())];
    }

    private static async Task Run(params string[] arguments)
    {
        var run = await CommandRun.Of(arguments);
        Assert.True(run.ExitCode == 0, run.Message);
    }
}
