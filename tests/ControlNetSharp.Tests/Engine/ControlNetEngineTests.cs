using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Scenes;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Engine;

/// <summary>The front door of the library, with small models.</summary>
public sealed class ControlNetEngineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly GenerationRequest _request;

    public ControlNetEngineTests()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        _request = new()
        {
            Prompt = "a red house", Model = _folder["model.safetensors"], Size = (64, 64), Seed = 5, Steps = 3,
            Units = [ControlUnit.Canny(TestPictures.Square(64, 64)) with { Model = _folder["control.safetensors"] }],
        };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_OfTwoCallersAtOnce_GivesEachWhatItGetsAlone()
    {
        await using var engine = Engine();
        var other = _request with { Seed = 6, Units = [], Tiling = true };
        var (first, second) = (await Pixels(engine, _request), await Pixels(engine, other));
        var together = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Pixels(engine, i % 2 == 0 ? _request : other)));
        Assert.All(together.Index(), pixels => Assert.Equal(pixels.Index % 2 == 0 ? first : second, pixels.Item));
    }

    [Fact]
    public async Task Generate_OfABatchAndACount_NumbersSeedsOn_AndEachPictureCanBeMadeAlone()
    {
        await using var engine = Engine();
        var result = await engine.GenerateAsync(_request with { Batch = 2, Count = 2 }, cancellationToken: Token);
        Assert.Equal([5, 6, 7, 8], result.Pictures.Select(picture => picture.Seed));
        var alone = await engine.GenerateAsync(result.Pictures[3].Manifest.Request with { Seed = 8, Batch = 1, Units = _request.Units }, cancellationToken: Token);
        PictureAssert.WithinLevels(alone.Pictures[0].Picture, result.Pictures[3].Picture, 1, "the last one");
        Assert.Equal((5, 3), (result.Summary.Seed, result.Summary.Steps));
        Assert.Single(result.Hints);
    }

    [Fact]
    public async Task Generate_WithoutAGuidanceScale_TakesTheModels_AndSevenWhereThatSaysNothing()
    {
        TinyModel.WriteModel(_folder["calm.safetensors"], metadata: (TinyModel.Metadata with { GuidanceScale = 2.5 }).Write());
        await using var engine = Engine();
        var own = (await engine.GenerateAsync(_request with { Model = _folder["calm.safetensors"] }, cancellationToken: Token)).Pictures[0];
        Assert.Equal(2.5, own.Manifest.Request.GuidanceScale);
        Assert.Equal(await Pixels(engine, _request with { GuidanceScale = 2.5 }), own.Picture.Bytes());
        var usual = (await engine.GenerateAsync(_request, cancellationToken: Token)).Pictures[0];
        Assert.Equal(7, usual.Manifest.Request.GuidanceScale);
        Assert.Equal(await Pixels(engine, _request with { GuidanceScale = 7 }), usual.Picture.Bytes());
        Assert.NotEqual(own.Picture.Bytes(), usual.Picture.Bytes());
    }

    [Theory]
    [InlineData("0.5")]
    [InlineData("31")]
    [InlineData("strong")]
    public async Task Generate_WithAModelWhoseGuidanceScaleIsNone_IsRefusedByTheKey(string scale)
    {
        TinyModel.WriteModel(_folder["wrong.safetensors"], metadata: new(TinyModel.Metadata.Write()) { ["guidance_scale"] = scale });
        await using var engine = Engine();
        var e = await Assert.ThrowsAsync<CheckpointException>(() => engine.GenerateAsync(_request with { Model = _folder["wrong.safetensors"] }, cancellationToken: Token));
        Assert.Contains($"'guidance_scale' must be a number", e.Message, StringComparison.Ordinal);
        Assert.Contains($"'{scale}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfASavedPicture_MakesItAgain_WithoutThePicturesThatWentIn()
    {
        PictureWriter.WritePng(_folder["room.png"], TestPictures.Square(64, 64));
        await using var engine = Engine();
        var request = _request with
        {
            Units = [ControlUnit.Canny(_folder["room.png"]) with { Model = _folder["control.safetensors"] }],
            Initial = new() { Picture = _folder["room.png"], Denoise = 0.5 },
        };
        var made = (await engine.GenerateAsync(request, cancellationToken: Token)).Pictures[0];
        made.Save(_folder["made.png"]);
        File.Delete(_folder["room.png"]);
        var again = (await engine.ReplayAsync(Replay.Read(_folder["made.png"]), cancellationToken: Token)).Pictures[0];
        Assert.Equal(made.Picture.Bytes(), again.Picture.Bytes());
        Assert.Equal(made.Manifest.ToJson(), again.Manifest.ToJson());
    }

    [Fact]
    public async Task Generate_FromBytes_NamesTheirDigestInTheManifest_AndNotTheirContent()
    {
        PictureSource picture = TestPictures.Square(64, 64);
        await using var engine = Engine();
        var made = (await engine.GenerateAsync(_request with { Units = [_request.Units[0] with { Picture = picture }] }, cancellationToken: Token)).Pictures[0];
        Assert.Contains($"\"picture\":{{\"sha256\":\"{picture.Sha256}\"}}", made.Manifest.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docs/pictures/astronaut.png", "movenet")]
    [InlineData(null, "openpose_pocket")]
    public async Task Generate_WithAPose_SaysInTheManifestWhichAnnotatorAnswered(string? photograph, string annotator)
    {
        PictureSource picture = photograph is null ? SceneRenderer.Render(Scene.FromSeed(1_000_014), 256) : Repository.PathOf(photograph);
        var request = _request with
        {
            Size = (256, 256), Steps = 1,
            Units = [new ControlUnit { Kind = "pose", Picture = picture, Model = _folder["control.safetensors"] }],
        };
        await using var engine = Engine();
        var made = (await engine.GenerateAsync(request, cancellationToken: Token)).Pictures[0];
        Assert.Equal(annotator, Assert.Single(made.Manifest.Resolved.Units).Annotator);
    }

    [Fact]
    public async Task Generate_WithProgress_TellsEachStep_AndShowsPreviews()
    {
        await using var engine = Engine();
        var told = new List<GenerationProgress>();
        await engine.GenerateAsync(_request with { Count = 2 }, new Listener(told.Add), previewEvery: 2, Token);
        Assert.Equal([(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)], told.Select(step => (step.Batch, step.Step)));
        Assert.Equal([false, true, false, false, true, false], told.Select(step => step.Preview is not null));
        Assert.Equal((64, 64, 1.0), (told[1].Preview!.Width, told[1].Preview!.Height, told[^1].Done));
    }

    [Fact]
    public async Task Generate_CancelledWhileItWaitsOrRuns_Ends_AndTheEngineGoesOn()
    {
        await using var engine = Engine();
        using var stop = new CancellationTokenSource();
        var running = engine.GenerateAsync(_request with { Steps = 500 }, new Listener(_ => stop.Cancel()), 0, stop.Token);
        var waiting = engine.GenerateAsync(_request, cancellationToken: stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.NotEmpty(await Pixels(engine, _request));
    }

    [Fact]
    public async Task Generate_OfWhatCannotBe_NamesTheMember()
    {
        await using var engine = Engine();
        async Task<string> Member(GenerationRequest request) => (await Assert.ThrowsAsync<RequestException>(() => engine.GenerateAsync(request, cancellationToken: Token))).Member;
        Assert.Equal("model", await Member(_request with { Model = "nobody" }));
        Assert.Equal("units[0].model", await Member(_request with { Units = [_request.Units[0] with { Model = "nobody" }] }));
        Assert.Equal("units[0].picture", await Member(_request with { Units = [_request.Units[0] with { Picture = _folder["no.png"] }] }));
        Assert.Equal("units[0].mask", await Member(_request with { Units = [_request.Units[0] with { Mask = _folder["no.png"] }] }));
        Assert.Equal("initial.picture", await Member(_request with { Initial = new() { Picture = _folder["no.png"] } }));
        Assert.Equal("negativePrompt", await Member(_request with { NegativePrompt = "a<lora:b:1>" }));
        Assert.Equal("originalSize", await Member(_request with { OriginalSize = new() { Width = 64, Height = 64 } }));
    }

    [Fact]
    public async Task Annotate_OfKeyPointsInMemory_DrawsThem_AndOfNobodySaysSo()
    {
        await using var engine = Engine();
        var points = string.Join(',', Enumerable.Range(0, 18).Select(i => $"{10 + i},{20 + i},1"));
        var json = System.Text.Encoding.UTF8.GetBytes($$"""{"canvas_width":96,"canvas_height":64,"people":[{"pose_keypoints_2d":[{{points}}]}]}""");
        var made = await engine.AnnotateAsync(ControlUnit.Pose(PictureSource.FromBytes(json)), Token);
        Assert.Equal((96, 64, 1), (made.Hint.Width, made.Hint.Height, made.Pose!.People.Count));
        var nobody = System.Text.Encoding.UTF8.GetBytes("""{"canvas_width":96,"canvas_height":64,"people":[]}""");
        Assert.NotEmpty((await engine.AnnotateAsync(ControlUnit.Pose(PictureSource.FromBytes(nobody)), Token)).Warnings);
    }

    [Fact]
    public async Task Generate_AfterTheModelsFileChanged_LoadsTheNewOne()
    {
        await using var engine = Engine();
        var before = await Pixels(engine, _request);
        TinyModel.WriteModel(_folder["model.safetensors"], tensors => tensors[TinyModel.AutoencoderPrefix + "decoder.conv_out.bias"].add_(0.5));
        Assert.NotEqual(before, await Pixels(engine, _request));
    }

    private static ControlNetEngine Engine() => new(new EngineOptions { Dtype = "fp32" });

    private static async Task<byte[]> Pixels(ControlNetEngine engine, GenerationRequest request) =>
        (await engine.GenerateAsync(request, cancellationToken: Token)).Pictures[0].Picture.Bytes();

    private sealed class Listener(Action<GenerationProgress> told) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => told(value);
    }
}
