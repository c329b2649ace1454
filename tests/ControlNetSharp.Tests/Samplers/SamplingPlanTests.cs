using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

public class SamplingPlanTests
{
    private static readonly NoiseSchedule Schedule = NoiseSchedule.StableDiffusion;

    [Theory]
    [InlineData("Euler", "automatic", "Euler", "uniform")]
    [InlineData("Euler a", "", "Euler a", "uniform")]
    [InlineData("DPM++ 2M", "Automatic", "DPM++ 2M", "karras")]
    [InlineData("DPM++ 2M SDE", "automatic", "DPM++ 2M SDE", "exponential")]
    [InlineData("DPM++ 2M Karras", "automatic", "DPM++ 2M", "karras")]
    [InlineData("DPM++ 2M SDE Karras", "automatic", "DPM++ 2M SDE", "karras")]
    [InlineData("Euler a SGM Uniform", "automatic", "Euler a", "sgm_uniform")]
    [InlineData("DPM++ 2M Karras", "Exponential", "DPM++ 2M", "exponential")]
    [InlineData("euler", "SGM Uniform", "Euler", "sgm_uniform")]
    [InlineData("k_euler_a", "karras", "Euler a", "karras")]
    [InlineData("DDIM", "ldm", "DDIM", "ldm")]
    public void Resolve_UnderstandsTheNamesThatUsersSend(string sampler, string scheduler, string expectedSampler, string expectedScheduler)
    {
        var (actualSampler, actualScheduler) = SamplerCatalogue.Resolve(sampler, scheduler);
        Assert.Equal((expectedSampler, expectedScheduler), (actualSampler.Name, actualScheduler.Name));
    }

    [Theory]
    [InlineData("Eulerr", "automatic", "Eulerr", "Euler, ")]
    [InlineData("Karras", "automatic", "Karras", "Euler, ")]
    [InlineData("Euler", "caras", "caras", "karras, ")]
    public void Resolve_WithAnUnknownName_SaysItAndTheKnownOnes(string sampler, string scheduler, string value, string known)
    {
        var message = Assert.Throws<UnknownNameException>(() => SamplerCatalogue.Resolve(sampler, scheduler)).Message;
        Assert.Contains($"'{value}'", message);
        Assert.Contains(known, message);
    }

    [Fact]
    public void Catalogue_HasNoNameTwice()
    {
        var samplers = SamplerCatalogue.Samplers.SelectMany(s => s.Aliases.Prepend(s.Name)).Select(name => name.ToUpperInvariant()).ToArray();
        Assert.Equal(samplers.Distinct(), samplers);
        Assert.All(SamplerCatalogue.Samplers, sampler => Assert.Contains(SamplerCatalogue.Schedulers, scheduler => scheduler.Name == sampler.DefaultScheduler));
    }

    [Theory]
    [InlineData(0, 1.0, null, "Steps")]
    [InlineData(1001, 1.0, null, "Steps")]
    [InlineData(20, 1.1, null, "Denoise")]
    [InlineData(20, double.NaN, null, "Denoise")]
    [InlineData(20, 1.0, -0.1, "Eta")]
    public void Create_WithANumberOutOfRange_NamesIt(int steps, double denoise, double? eta, string name)
    {
        var options = new SamplingOptions { Steps = steps, Denoise = denoise, Eta = eta };
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => SamplingPlan.Create(options, Schedule)).ParamName);
    }

    [Theory]
    [InlineData(20, 1.0, false, 20)]
    [InlineData(20, 0.75, false, 16)]
    [InlineData(20, 0.5, false, 11)]
    [InlineData(20, 0.0, false, 1)]
    [InlineData(20, 0.5, true, 20)]
    [InlineData(20, 0.3, true, 20)]
    [InlineData(20, 1.0, true, 20)]
    public void Create_WithPartOfTheSchedule_RunsItsCleanEnd(int steps, double denoise, bool runAll, int expected)
    {
        var plan = SamplingPlan.Create(new() { Steps = steps, Denoise = denoise, RunAllSteps = runAll }, Schedule);
        Assert.Equal(expected, plan.Steps.Count);
        Assert.Equal(NoiseLevel.Clean, plan.Steps[^1].To);
        Assert.True(plan.Start.Timestep <= 999 * denoise + 2 * 999.0 / steps, $"starts at timestep {plan.Start.Timestep}");
        Assert.All(plan.Steps, step => Assert.True(step.From.Sigma > step.To.Sigma));
    }

    [Theory]
    [InlineData("Euler", "automatic", "trailing")]
    [InlineData("DPM++ 2M", "", "trailing")]
    [InlineData("DPM++ 2M Karras", "automatic", "karras")]
    [InlineData("DDIM", "uniform", "uniform")]
    [InlineData("Euler", "SGMUniform", "sgm_uniform")]
    public void Create_ForZeroTerminalSnr_SpacesFromTheNoisyEndWhereNoSchedulerIsNamed(string sampler, string scheduler, string expected)
    {
        var options = new SamplingOptions { Sampler = sampler, Scheduler = scheduler, Steps = 5 };
        var plan = SamplingPlan.Create(options, Schedule with { ZeroTerminalSnr = true });
        Assert.Equal(expected, plan.Scheduler.Name);
        Assert.True(expected != "trailing" || plan.Start.Alpha == 0);
        Assert.Equal(expected, SamplingPlan.Create(options, new NoiseSchedule { TrailingSpacing = true }).Scheduler.Name);
        Assert.NotEqual("trailing", SamplingPlan.Create(options, Schedule).Scheduler.Name);
    }

    [Theory]
    [InlineData("Euler")]
    [InlineData("Euler a")]
    [InlineData("Heun")]
    [InlineData("DPM++ 2M")]
    [InlineData("DPM++ 2M SDE")]
    [InlineData("UniPC")]
    [InlineData("DDIM")]
    public void EverySampler_StartsAtPureNoise_AndReachesAConstantPrediction(string sampler)
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = sampler, Steps = 6 }, Schedule with { ZeroTerminalSnr = true });
        var target = randn(1, 4, 4, 4);
        var result = plan.Run((_, _, _) => target.clone(), plan.StartFrom(randn(1, 4, 4, 4)), x => randn_like(x), cancellationToken: TestContext.Current.CancellationToken);
        // DDIM ends at the first timestep, where a little noise is left.
        Goldens.AssertClose(target, result, sampler == "DDIM" ? 0.2 : 1e-4, sampler);
    }

    [Theory]
    [InlineData(6, 7, 997)]
    [InlineData(30, 31, 991)]
    [InlineData(20, 20, 951)]
    [InlineData(3, 4, 999)]        // LDM itself asks for timestep 1000 here
    [InlineData(1, 1, 1)]
    public void LdmSpacing_HasLdmsNumberOfSteps(int asked, int run, int first)
    {
        var timesteps = TimestepSpacing.Ldm(1000, asked);
        Assert.Equal((run, first, 1), (timesteps.Count, timesteps[0], timesteps[^1]));
    }

    [Fact]
    public void EveryScheduler_ForEveryNumberOfSteps_FallsStrictlyAndStaysInTheSchedule()
    {
        foreach (var scheduler in SamplerCatalogue.Schedulers)
        {
            foreach (var steps in Enumerable.Range(1, 150).Concat([334, 500, 501, 999, SamplingPlan.MostSteps]).Where(steps => steps <= scheduler.MostSteps))
            {
                var levels = scheduler.Levels(Schedule, steps);
                Assert.True(scheduler.Name == "ldm" ? levels.Count >= Math.Min(steps, 999) : levels.Count == steps, $"{scheduler.Name}: {levels.Count} levels for {steps} steps");
                Assert.All(levels, level => Assert.InRange(level.Timestep, 0, 999));
                Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.First.Sigma > pair.Second.Sigma, $"{scheduler.Name}, {steps} steps: {pair}"));
            }
        }
    }

    [Fact]
    public void StartFrom_NoiseAlone_HasTheStandardDeviationOfItsScheduler()
    {
        using var scope = NewDisposeScope();
        var noise = ones(1, 4, 2, 2);
        double Scale(string sampler, string scheduler) => SamplingPlan.Create(new() { Sampler = sampler, Scheduler = scheduler, Steps = 5 }, Schedule).StartFrom(noise).max().item<float>();
        Assert.Equal(1, Scale("DDIM", "automatic"));
        Assert.Equal(1, Scale("Euler", "ddim"));
        // 14.61 of k-diffusion, divided by √(1 + 14.61²).
        Assert.Equal(0.99767, Scale("Euler", "automatic"), 1e-5);
    }

    [Fact]
    public void StartFrom_CleanLatents_IsAtTheLevelOfTheFirstStep()
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Denoise = 0.5 }, Schedule);
        var (clean, noise) = (randn(1, 4, 2, 2), randn(1, 4, 2, 2));
        Goldens.AssertClose(plan.Start.Alpha * clean + plan.Start.Sigma * noise, plan.StartFrom(noise, clean), 0, "start");
        Assert.Equal(1, plan.Start.Alpha * plan.Start.Alpha + plan.Start.Sigma * plan.Start.Sigma, 1e-12);
    }

    [Fact]
    public void LevelOfSigma_OfTheLevelOfATimestep_GivesTheTimestepBack()
    {
        foreach (var timestep in new[] { 0, 1, 17, 500, 998, 999 })
        {
            Assert.Equal(timestep, Schedule.LevelOfSigma(Schedule.LevelAt(timestep).RelativeSigma).Timestep, 1e-6);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.LevelAt(1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.LevelOfSigma(double.NaN));
    }

    [Fact]
    public void Schedule_ChangedAfterItsNumbersWereAskedFor_HasNumbersOfItsOwn()
    {
        Assert.True(Schedule.LevelAt(999).Alpha > 0);
        var changed = Schedule with { ZeroTerminalSnr = true };
        Assert.Equal((0, true), (changed.LevelAt(999).Alpha, changed.PrefersTrailing));
        Assert.NotEqual(Schedule, changed);
        Assert.Equal(Schedule, changed with { ZeroTerminalSnr = false });
    }
}
