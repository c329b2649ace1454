using System.Globalization;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

public class LdmDdimGoldenTests
{
    public static TheoryData<string> Files() => Goldens.Files("ddim_sample*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Plan_OfDdimWithTheLdmScheduler_HasTheLevelsOfLdm(string name)
    {
        using var scope = NewDisposeScope();
        using var file = Goldens.Open(name);
        var requested = file.Entries.Keys.Where(key => key.StartsWith("schedule/")).Select(key => key.Split('/')[1]).Distinct().ToArray();
        Assert.SkipWhen(requested.Length == 0 && Goldens.IsOverride, $"The golden file {name} has no schedules.");
        Assert.NotEmpty(requested);
        foreach (var count in requested)
        {
            var options = new SamplingOptions { Sampler = "DDIM", Scheduler = "ldm", Steps = int.Parse(count, CultureInfo.InvariantCulture) };
            // The tables of LDM begin at the clean end.
            LevelStep[] steps = [.. SamplingPlan.Create(options, NoiseSchedule.StableDiffusion).Steps.Reverse()];
            using var timesteps = file[$"schedule/{count}/timesteps"];
            Assert.Equal(timesteps.data<long>().Select(t => (double)t), steps.Select(step => step.From.Timestep));
            Close("alphas", step => step.From.Alpha * step.From.Alpha);
            Close("alphas_prev", step => step.To.Alpha * step.To.Alpha);
            Close("sigmas_eta0", step => step.FreshNoise(0));
            Close("sigmas_eta1", step => step.FreshNoise(1));

            void Close(string table, Func<LevelStep, double> value) =>
                file.AssertClose($"schedule/{count}/{table}", tensor(steps.Select(step => (float)value(step)).ToArray()), 2e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void NoiseSchedule_IsThatOfLdmsBuffers(string name)
    {
        using var scope = NewDisposeScope();
        using var file = Goldens.Open(name);
        var schedule = NoiseSchedule.StableDiffusion;
        file.Required("buffers/betas").Dispose();
        file.AssertClose("buffers/betas", tensor(schedule.Betas.ToArray()), 0);
        file.AssertClose("buffers/alphas_cumprod", tensor(schedule.AlphasCumprod.ToArray()), 0);
        if (file.Has("buffers/sqrt_alphas_cumprod"))
        {
            var levels = Enumerable.Range(0, schedule.Count).Select(t => schedule.LevelAt(t)).ToArray();
            file.AssertClose("buffers/sqrt_alphas_cumprod", tensor(levels.Select(level => level.Alpha).ToArray()), 1e-7);
            file.AssertClose("buffers/sqrt_one_minus_alphas_cumprod", tensor(levels.Select(level => level.Sigma).ToArray()), 1e-6);
        }
    }
}
