using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

/// <summary>What every sampler of the catalogue must do, whatever the reference says.</summary>
public class SamplerPropertyTests
{
    private static readonly NoiseSchedule Schedule = NoiseSchedule.StableDiffusion;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names() => [.. SamplerCatalogue.Samplers.Select(sampler => sampler.Name)];

    public static TheoryData<string, string> NamesAndSchedulers() =>
        [.. SamplerCatalogue.Samplers.SelectMany(sampler => SamplerCatalogue.Schedulers.Select(scheduler => (sampler.Name, scheduler.Name)))];

    [Theory]
    [MemberData(nameof(NamesAndSchedulers))]
    public void Sampler_WithAConstantDenoiser_ReachesItExactly(string sampler, string scheduler)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Scheduler = scheduler, Steps = 7 }, Schedule);
        var ((_, _, lastTimestep), end) = plan.Steps[^1];
        void AssertReached(ScalarType type, double tolerance)
        {
            var (target, start, source) = (Normal(5).to(type), plan.StartFrom(Normal(1).to(type)), Source(2));
            var seen = start.clone();
            Tensor Denoise(Tensor x)
            {
                seen.copy_(x);
                return target.clone();
            }

            var result = plan.Run(
                (x, _, _) => Denoise(x), start, like => source(like).to(type), cancellationToken: Token);
            // LDM's DDIM leaves the noise of timestep 0 in: that of the start, which a constant denoiser keeps.
            // TCD leaves that of its last input in, which is fresh in part.
            // LCM's consistency function keeps a share of its last input, at timestep 0 all of it.
            var kept = 1 / (1 + 400 * lastTimestep * lastTimestep);
            var (noisy, level) = sampler == "TCD" ? (seen, plan.Steps[^1].From) : (start, plan.Start);
            var expected = sampler == "LCM" ? Math.Sqrt(1 - kept) * target + kept * seen
                : end.Alpha * target + end.Sigma / level.Sigma * (noisy - level.Alpha * target);
            Goldens.AssertClose(expected, result, tolerance, $"{sampler} on {scheduler} in {type}");
        }

        // But for rounding. Most of it is in PLMS, which adds up to 160/24 times the noise (4 or less) and divides by
        // alpha (1/14.6 or more): 390 times float32's 2⁻²⁴ are 2e-5, of which less than 1.5e-5 is allowed.
        AssertReached(ScalarType.Float64, 1e-12);
        AssertReached(ScalarType.Float32, 1e-6 * Schedule.LargestSigma);
    }

    // The levels of a rectified flow: alpha + sigma = 1, where Stable Diffusion's have alpha² + sigma² = 1.
    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_OnLevelsOfAFlow_ReachesAConstantExactly(string sampler)
    {
        using var scope = NewDisposeScope();
        var entry = SamplerCatalogue.Resolve(sampler).Sampler;
        double[] shares = [0.98, 0.8, 0.6, 0.45, 0.3, 0.1, 0];
        var steps = LevelStep.Through([.. shares.Select(share => new NoiseLevel(1 - share, share, 1000 * share))]);
        var (target, start, source) = (Normal(5).to(ScalarType.Float64), Normal(1).to(ScalarType.Float64), Source(2));
        var result = entry.Run((_, _, _) => target.clone(), start, steps, entry.DefaultEta ?? 0, like => source(like).to(ScalarType.Float64), null, Token);
        // LCM's consistency function keeps a share of its input: 1 / (1 + 400 t²) at timestep t = 100.
        Goldens.AssertClose(target, result, sampler == "LCM" ? 1e-5 : 1e-12, sampler);
    }

    // For clean latents ~ N(0, 1) the best denoiser is alpha · x / (alpha² + sigma²) and the exact flow keeps x as it is
    // but for the level's standard deviation: any other change is the sampler's error.
    [Theory]
    [InlineData("Euler", 1)]
    [InlineData("DDIM", 1)]
    [InlineData("Heun", 2)]
    [InlineData("DPM++ 2M", 2)]
    [InlineData("UniPC", 2)]
    [InlineData("PLMS", 2)]
    [InlineData("Euler", 1, true)]
    [InlineData("Heun", 2, true)]
    [InlineData("DPM++ 2M", 2, true)]
    [InlineData("UniPC", 2, true)]
    [InlineData("PLMS", 2, true)]
    public void DeterministicSampler_WithTwiceTheSteps_CutsTheErrorByItsOrder(string sampler, int order, bool onAFlow = false)
    {
        var run = SamplerCatalogue.Resolve(sampler).Sampler.Run;
        double Error(int steps)
        {
            using var scope = NewDisposeScope();
            NoiseLevel[] levels = [.. SigmaSpacing.Exponential(steps + 1, 0.05, 10).Select(sigma => onAFlow ? FlowLevel(sigma) : Schedule.LevelOfSigma(sigma))];
            var start = ones(1, 1, 1, 1, ScalarType.Float64) * Math.Sqrt(levels[0].Variance);
            var result = run((x, level, _) => level.Alpha / level.Variance * x, start, LevelStep.Through(levels), 0, NoNoise, null, Token);
            return Math.Abs(result.item<double>() / Math.Sqrt(levels[^1].Variance) - 1);
        }

        var ratio = Error(40) / Error(80);
        Assert.True(ratio > 0.9 * Math.Pow(2, order), $"{sampler}: twice the steps cut the error by {ratio:g4}, expected about {Math.Pow(2, order)} or more");
    }

    [Theory]
    [InlineData("Euler a")]
    [InlineData("DPM++ 2M SDE")]
    [InlineData("DDPM")]
    [InlineData("Euler a", true)]
    [InlineData("DPM++ 2M SDE", true)]
    [InlineData("DDPM", true)]
    public void StochasticSampler_OnGaussianLatents_KeepsTheirVariance(string sampler, bool onAFlow = false)
    {
        using var scope = NewDisposeScope();
        var levels = SigmaSpacing.Karras(100, Schedule.SmallestSigma, Schedule.LargestSigma).Select(sigma => onAFlow ? FlowLevel(sigma) : Schedule.LevelOfSigma(sigma));
        var steps = LevelStep.Through([.. levels, NoiseLevel.Clean]);
        var start = randn([1, 1, 200, 200], generator: new Generator(3));
        var generator = new Generator(4);
        var entry = SamplerCatalogue.Resolve(sampler).Sampler;
        var noisy = start * Math.Sqrt(steps[0].From.Variance);
        var result = entry.Run(
            (x, level, _) => level.Alpha / level.Variance * x, noisy, steps, 1, like => randn(like.shape, generator: generator), null, Token);
        var ratio = (result.std() / start.std()).item<float>();
        Assert.InRange(ratio, 0.95, 1.02);
    }

    [Theory]
    [InlineData("Euler", 8)]
    [InlineData("Euler a", 8)]
    [InlineData("DPM++ 2M", 8)]
    [InlineData("DPM++ 2M SDE", 8)]
    [InlineData("DDIM", 8)]
    [InlineData("DDPM", 8)]
    [InlineData("UniPC", 8)]
    [InlineData("LCM", 8)]
    [InlineData("TCD", 8)]
    [InlineData("PLMS", 9)]
    [InlineData("Heun", 15)]
    public void Sampler_WithEightSteps_CallsTheDenoiserAsOftenAsItsDocSays(string sampler, int calls)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 8 }, Schedule);
        var (called, told) = (0, new List<int>());
        plan.Run((x, level, _) => { called++; return Model(x, level); }, plan.StartFrom(Normal(1)), Source(2), step => told.Add(step.Index * 100 + step.Count), Token);
        Assert.Equal(calls, called);
        Assert.Equal(Enumerable.Range(0, 8).Select(i => i * 100 + 8), told);
    }

    [Theory]
    [InlineData("Euler", null, 0)]
    [InlineData("DDIM", null, 0)]
    [InlineData("DDIM", 1.0, 8)]      // ends at timestep 0, where there is noise
    [InlineData("Euler a", null, 7)]
    [InlineData("Euler a", 0.0, 0)]
    [InlineData("DPM++ 2M", null, 0)]
    [InlineData("DPM++ 2M SDE", null, 7)]
    [InlineData("DPM++ 2M SDE", 0.0, 0)]
    [InlineData("LCM", null, 7)]
    [InlineData("TCD", null, 7)]
    [InlineData("TCD", 0.0, 0)]
    [InlineData("DDPM", null, 7)]
    public void Sampler_WithEightSteps_DrawsNoiseOnlyWhereItIsUsed(string sampler, double? eta, int draws)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 8, Eta = eta }, Schedule);
        var drawn = 0;
        var source = Source(2);
        plan.Run(Model, plan.StartFrom(Normal(1)), like => { drawn++; return source(like); }, cancellationToken: Token);
        Assert.Equal(draws, drawn);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_WithTheSameSeed_GivesTheSameBits(string sampler)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 6 }, Schedule);
        Tensor Run(long seed) => plan.Run(Model, plan.StartFrom(Normal(1)), Source(seed), cancellationToken: Token);
        Assert.True(Run(5).equal(Run(5)).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_BorrowsItsInputAndLeavesOneFreshTensor(string sampler)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 6 }, Schedule);
        var start = plan.StartFrom(Normal(1));
        var before = start.clone();
        var alive = scope.DisposablesCount;
        var source = Source(2);
        var result = plan.Run(Model, start, source, cancellationToken: Token);
        Assert.Equal(alive + 1, scope.DisposablesCount);
        Assert.NotEqual(start.Handle, result.Handle);
        Assert.True(start.equal(before).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_WhenCancelledInAStep_StopsBeforeTheNext(string sampler)
    {
        using var scope = NewDisposeScope();
        using var cancellation = new CancellationTokenSource();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 6 }, Schedule);
        var done = 0;
        Assert.Throws<OperationCanceledException>(() => plan.Run(Model, plan.StartFrom(Normal(1)), Source(2), step =>
        {
            done++;
            cancellation.Cancel();
        }, cancellation.Token));
        Assert.Equal(1, done);
    }

    [Fact]
    public void DdpmWithTheSmallVariance_IsDdimWithEtaOne()
    {
        using var scope = NewDisposeScope();
        var steps = LevelStep.Through([.. TimestepSpacing.Leading(1000, 9).Select(Schedule.LevelAt), NoiseLevel.Clean]);
        var ddpm = FirstOrderSamplers.Ddpm(Model, Normal(1), steps, DdpmVariance.Small, Source(2), cancellationToken: Token);
        var ddim = FirstOrderSamplers.Ddim(Model, Normal(1), steps, 1, Source(2), cancellationToken: Token);
        Goldens.AssertClose(ddim, ddpm, 1e-5, "DDPM");
    }

    [Fact]
    public void DpmPlusPlus2MSde_WithoutNoise_IsDpmPlusPlus2M()
    {
        using var scope = NewDisposeScope();
        var steps = LevelStep.Through([.. TimestepSpacing.Leading(1000, 9).Select(Schedule.LevelAt), NoiseLevel.Clean]);
        var sde = DpmSolverSamplers.DpmPlusPlus2MSde(Model, Normal(1), steps, 0, NoNoise, cancellationToken: Token);
        Goldens.AssertClose(DpmSolverSamplers.DpmPlusPlus2M(Model, Normal(1), steps, cancellationToken: Token), sde, 1e-6, "SDE with eta 0");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sampler_FromPureNoiseOfAZeroSnrSchedule_StaysFiniteOrSaysThatItCannot(string sampler)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Scheduler = "trailing", Steps = 8 }, Schedule with { ZeroTerminalSnr = true });
        Assert.Equal(0, plan.Start.Alpha);
        var denoise = Predictions.Denoiser(PredictionType.Velocity, (x, _) => 0.1 * x);
        Tensor Run() => plan.Run(denoise, plan.StartFrom(Normal(1)), Source(2), cancellationToken: Token);
        if (sampler == "PLMS")
        {
            Assert.Contains("pure noise", Assert.Throws<ArgumentException>(Run).Message);
            return;
        }

        Assert.InRange(Run().abs().max().item<float>(), 0.01, 10);
    }

    [Fact]
    public void EpsilonPrediction_AtPureNoise_IsRefused()
    {
        using var x = ones(1);
        Assert.Contains("Alpha", Assert.Throws<ArgumentException>(() => Predictions.ToDenoised(PredictionType.Epsilon, x, x, new(0, 1, 999))).Message);
    }

    [Theory]
    [InlineData(PredictionType.Epsilon)]
    [InlineData(PredictionType.Velocity)]
    [InlineData(PredictionType.Sample)]
    public void ToDenoised_OfATruePrediction_GivesTheCleanLatents(PredictionType type)
    {
        using var scope = NewDisposeScope();
        var (clean, noise) = (Normal(1), Normal(2));
        foreach (var level in new[] { Schedule.LevelAt(400), FlowLevel(0.7) })
        {
            var noisy = level.Alpha * clean + level.Sigma * noise;
            var truth = type switch { PredictionType.Epsilon => noise, PredictionType.Velocity => level.Alpha * noise - level.Sigma * clean, _ => clean };
            Goldens.AssertClose(clean, Predictions.ToDenoised(type, truth, noisy, level), 1e-5, $"{type} at {level}");
        }
    }

    private static Tensor Model(Tensor x, NoiseLevel level, int step = 0) => level.Alpha * x + 0.1 * sin(3 * x + level.Timestep / 300);

    private static NoiseLevel FlowLevel(double sigma) => new(1 / (1 + sigma), sigma / (1 + sigma), 1000 * sigma / (1 + sigma));

    private static Tensor Normal(long seed) => randn([1, 4, 4, 4], generator: new Generator((ulong)seed));

    private static NoiseSource Source(long seed)
    {
        var generator = new Generator((ulong)seed);
        return like => randn(like.shape, generator: generator);
    }

    private static Tensor NoNoise(Tensor like) => throw new InvalidOperationException("This sampler draws no noise.");
}
