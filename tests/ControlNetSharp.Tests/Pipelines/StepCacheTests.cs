using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Cli;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>Deep features that steps take over from earlier ones.</summary>
public sealed class StepCacheTests : IDisposable
{
    private static readonly NoiseLevel Level = NoiseSchedule.StableDiffusion.LevelAt(500);
    private readonly UNet _unet = TinyModel.UNet();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TextSide _text, _other, _negative;

    public StepCacheTests()
    {
        TextSide Side(ulong seed) => new(randn([1, 77, TinyModel.Width], generator: new Generator(seed)));
        (_text, _other, _negative) = (Side(1), Side(2), Side(3));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _unet.Dispose();
    }

    // 7 x 5: odd sizes come back too large by one on the way up.
    [Theory]
    [InlineData(8, 8, false)]
    [InlineData(7, 5, false)]
    [InlineData(8, 8, true)]
    public void FromDeep_OfTheSameCall_IsTheWholeUNetInEveryBit(int height, int width, bool controlled)
    {
        using var withoutGradients = no_grad();
        var (latents, timesteps, context) = (Normal(1, 2, 4, height, width), tensor(new[] { 500f, 20f }), Normal(2, 2, 77, TinyModel.Width));
        var additions = new UNetAdditions { Residuals = controlled ? Residuals(2, height, width, 7) : [] };
        Tensor? deep = null;
        var whole = _unet.Controlled(latents, timesteps, context, additions, onDeep: feature => deep = feature.clone().MoveToOuterDisposeScope());
        var shallow = _unet.FromDeep(latents, timesteps, context, additions with { Residuals = [.. additions.Residuals.Take(1)] }, deep!);
        Assert.True(whole.equal(shallow).all().item<bool>());
        // And it depends on the deep feature and on the latents.
        Assert.False(whole.equal(_unet.FromDeep(latents, timesteps, context, additions with { Residuals = [] }, deep! * 0.9)).all().item<bool>());
        Assert.False(shallow.equal(_unet.FromDeep(latents * 0.9, timesteps, context, additions with { Residuals = [.. additions.Residuals.Take(1)] }, deep!)).all().item<bool>());
    }

    [Fact]
    public void Denoise_BetweenWholeSteps_TakesTheDeepFeatureAndTheResidualsOfTheLast()
    {
        using var withoutGradients = no_grad();
        var control = new Counting(new ControlStrength(), this);
        using var cache = new StepCache(3);
        var denoiser = Denoiser([control], cache, _ => _text);
        var steps = Enumerable.Range(0, 7).Select(step => Normal(10 + step, 1, 4, 8, 8)).ToList();
        var predicted = steps.Select((latents, step) => denoiser.Denoise(latents, Level, step)).ToList();
        Assert.Equal([0, 3, 6], control.Steps);

        // Step 4 by hand: the deep feature and the shallowest residual of step 3, and its own latents.
        Tensor? deep = null;
        var context = cat([_negative.Context, _text.Context], 0);
        var timesteps = ones([2]) * 500;
        Tensor Both(Tensor x) => cat([x, x], 0);
        var residuals = Residuals(2, 8, 8, 3);
        _unet.Controlled(Both(steps[3]), timesteps, context, new() { Residuals = residuals }, onDeep: feature => deep = feature.clone().MoveToOuterDisposeScope());
        var output = _unet.FromDeep(Both(steps[4]), timesteps, context, new() { Residuals = [residuals[0]] }, deep!).chunk(2, 0);
        var guided = output[0] + 3 * (output[1] - output[0]);
        Goldens.AssertClose((steps[4] - Level.Sigma * guided) / Level.Alpha, predicted[4], 1e-5, "step 4");

        // Whole steps are those of a run without a cache.
        var plain = Denoiser([new Counting(new ControlStrength(), this)], null, _ => _text);
        Assert.Equal([true, false, false, true, false, false, true], steps.Select((latents, step) => plain.Denoise(latents, Level, step).equal(predicted[step]).all().item<bool>()));
    }

    [Fact]
    public void Denoise_WherePromptsOrControlsChange_ComputesAll()
    {
        using var withoutGradients = no_grad();
        // It acts from step 0 to step 2 of 8, and the prompt is another one from step 5 on.
        var control = new Counting(new ControlStrength { End = 0.3 }, this);
        using var cache = new StepCache(4);
        var (cached, plain) = (Denoiser([control], cache, Prompt), Denoiser([control], null, Prompt));
        TextSide Prompt(int step) => step < 5 ? _text : _other;
        bool IsWhole(int step)
        {
            var latents = Normal(10 + step, 1, 4, 8, 8);
            return cached.Denoise(latents, Level, step).equal(plain.Denoise(latents, Level, step)).all().item<bool>();
        }

        Assert.Equal([true, false, false, true, true, true, false, false], Enumerable.Range(0, 8).Select(IsWhole));
    }

    [Fact]
    public void Cache_KeepsNothingAlive_OnceItIsDisposed()
    {
        using var withoutGradients = no_grad();
        var latents = Normal(10, 1, 4, 8, 8);
        var control = new Counting(new ControlStrength(), this);
        void Run()
        {
            using var scope = NewDisposeScope();
            using var cache = new StepCache(2);
            var denoiser = Denoiser([control], cache, _ => _text);
            Assert.All(Enumerable.Range(0, 4), step => denoiser.Denoise(latents, Level, step));
        }

        Run();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Run();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData("Euler")]
    [InlineData("Heun")]
    [InlineData("PLMS")]
    [InlineData("LCM")]
    public void Generate_WithACache_MakesAnotherPicture_TheSameAgain(string sampler)
    {
        using var autoencoder = TinyModel.Autoencoder();
        using var text = TinyModel.Text();
        using var control = TinyModel.ControlNet();
        var generator = new PictureGenerator(_unet, autoencoder, text, PredictionType.Velocity, TinyModel.NativeSize, ControlNetSharp.Runtime.Placement.Cpu32);
        var request = new GenerationRequest { Prompt = "a house", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 6, Sampler = sampler };
        var unit = new PreparedControl { ControlNet = control, Hint = TestPictures.Noise(64, 64) };
        byte[] Pixels(int cache) => generator.Generate(request with { Cache = cache }, [unit], cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        Assert.Equal(Pixels(3), Pixels(3));
        Assert.NotEqual(Pixels(1), Pixels(3));
        Assert.NotEqual(Pixels(2), Pixels(3));
    }

    [Theory]
    [InlineData(0, null, "cache 0")]
    [InlineData(21, null, "from 1 to 20")]
    [InlineData(2, "reference", "a unit of the kind reference")]
    [InlineData(2, "upscale", "together with upscale")]
    public void Request_WithWhatDoesNotGoTogether_IsRefused(int cache, string? beside, string expected)
    {
        var request = new GenerationRequest { Prompt = "a house", Cache = cache };
        request = beside switch
        {
            "reference" => request with { Units = [new ControlUnit { Kind = "reference", Picture = "a.png" }] },
            "upscale" => request with { Upscale = new UpscalePass() },
            _ => request,
        };
        var e = Assert.Throws<RequestException>(request.Check);
        Assert.Equal("cache", e.Member);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_OnTheCommandLine_IsReplayedToTheBit()
    {
        using var folder = new TemporaryFolder();
        string[] request = ["generate", "-p", "a house", "--size", "64x64", "--steps", "4", "--seed", "1", "--cache", "2", "--token-merging", "0.5"];
        var run = await CommandRun.Of([.. request, "-o", folder["a.png"]]);
        Assert.True(run.ExitCode == 0, run.Message);
        run = await CommandRun.Of(["generate", "--replay", folder["a.png"], "-o", folder["b.png"]]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Equal(PictureReader.Read(folder["a.png"]).Bytes(), PictureReader.Read(folder["b.png"]).Bytes());
        run = await CommandRun.Of([.. request, "--cache", "30"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--cache", run.Message, StringComparison.Ordinal);
    }

    private ControlledDenoiser Denoiser(IReadOnlyList<IControl> controls, StepCache? cache, Func<int, TextSide> prompt) =>
        new(_unet, PredictionType.Epsilon, [new PromptArea([.. Enumerable.Range(0, 8).Select(step => new StepSides(_negative, [new(prompt(step))]))])], 3, controls, 8) { Cache = cache };

    private static Tensor Normal(int seed, params long[] shape) => randn(shape, generator: new Generator((ulong)seed));

    /// <summary>One for each input block and the middle block, in their sizes.</summary>
    private List<Tensor> Residuals(long rows, long height, long width, int seed)
    {
        using var withoutGradients = no_grad();
        var shapes = UNetStages.Input(_unet.Params).Append(UNetStages.Middle(_unet.Params));
        var level = 0;
        var residuals = new List<Tensor>();
        foreach (var (index, stage) in shapes.Index())
        {
            level += stage.Layers == "downsampling" ? 1 : 0;
            var scale = 1 << level;
            residuals.Add(0.3 * Normal(seed * 100 + index, rows, stage.ChannelsOut, (height + scale - 1) / scale, (width + scale - 1) / scale));
        }

        return residuals;
    }

    /// <summary>A control that adds known residuals and knows at which steps it was asked.</summary>
    private sealed record Counting(ControlStrength Strength, StepCacheTests Tests) : ResidualControl(Strength)
    {
        public List<int> Steps { get; } = [];

        protected override UNetAdditions Unweighted(UNetCall call)
        {
            Steps.Add(call.Step);
            return new() { Residuals = Tests.Residuals(call.Input.shape[0], 8, 8, call.Step) };
        }

        protected override double FactorOf(int index) => 1;
    }
}
