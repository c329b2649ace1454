using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints.Loras;
using Xunit;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Two generations with one model at the same time: safe where neither changes it, refused where one does.</summary>
public sealed class GenerationsAtOnceTests : IDisposable
{
    private static readonly GenerationRequest Plain = new() { Prompt = "a red house", Size = (64, 64), Seed = 3, Steps = 3 };
    private static readonly GenerationRequest Styled = Plain with { Prompt = "a red house<lora:style:0.8>" };
    private static readonly GenerationRequest Tiled = Plain with { Tiling = true };

    private readonly TemporaryFolder _folder = new();
    private readonly DiffusionModel _model;
    private readonly PromptFiles _files;

    public GenerationsAtOnceTests()
    {
        Directory.CreateDirectory(_folder["Lora"]);
        TinyLora.Write(_folder["Lora/style.safetensors"], "kohya");
        _model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        _files = new PromptFiles([_folder.Path]);
    }

    public static TheoryData<string, string> WhereOneChangesTheModel => new()
    {
        { "plain", "lora" }, { "plain", "tiled" }, { "lora", "plain" }, { "tiled", "plain" }, { "lora", "lora" }, { "lora", "tiled" }, { "tiled", "tiled" },
    };

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task TwoPlainOnes_OnTwoThreads_GiveThePixelsOfOneAfterTheOther()
    {
        GenerationRequest[] requests = [Plain, Plain with { Prompt = "a blue boat", Seed = 4, Sampler = "Euler a" }];
        var alone = requests.Select(request => Generate(request)).ToList();
        using var barrier = new Barrier(requests.Length);
        var atOnce = await Task.WhenAll(requests.Select(request => Task.Factory.StartNew(
            // No step begins before both have done the one before.
            () => Generate(request, _ => barrier.SignalAndWait(TestContext.Current.CancellationToken)),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal(alone, atOnce);
    }

    [Theory]
    [MemberData(nameof(WhereOneChangesTheModel))]
    public void WhereOneChangesTheModel_TheSecondIsRefused_AndTheFirstIsAsAlone(string first, string second)
    {
        var alone = Generate(Of(first));
        var refusals = 0;
        var beside = Generate(Of(first), _ =>
        {
            var e = Assert.Throws<InvalidOperationException>(() => Generate(Of(second)));
            var change = first == "plain" ? second : first;
            Assert.Contains(change == "lora" ? "(LoRAs)" : "(seamless tiling)", e.Message, StringComparison.Ordinal);
            Assert.Contains(_model.File, e.Message, StringComparison.Ordinal);
            refusals++;
        });
        Assert.Equal(Plain.Steps, refusals);
        Assert.Equal(alone, beside);
        Assert.NotEmpty(Generate(Of(second)));
    }

    [Fact]
    public void AGenerationThatFails_LetsTheNextOneUseTheModel()
    {
        Assert.Throws<InvalidDataException>(() => Generate(Styled, _ => throw new InvalidDataException()));
        Assert.Throws<ArgumentException>(() => Generate(Plain with { Prompt = "a<lora:missing:1>" }));
        Assert.NotEmpty(Generate(Tiled));
    }

    private static GenerationRequest Of(string kind) => kind switch { "lora" => Styled, "tiled" => Tiled, _ => Plain };

    private byte[] Generate(GenerationRequest request, Action<SamplingProgress>? onStep = null) =>
        new PictureGenerator(_model, _files).Generate(request, progress: onStep, cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
}
