using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Samplers;

/// <summary>TCD against the paper's algorithm, worked out number by number in float64.</summary>
public class TcdSamplerTests
{
    private static readonly NoiseSchedule Schedule = NoiseSchedule.StableDiffusion;

    // diffusers' TCDScheduler with 50 steps of distillation: 20k - 1, of which every (50 / steps)th from the noisy end.
    [Theory]
    [InlineData(0.3, 999, 759, 499, 259)]
    [InlineData(0, 999, 759, 499, 259)]
    [InlineData(1, 999, 759, 499, 259)]
    [InlineData(0.3, 999)]
    [InlineData(0.5, 999, 799, 599, 399, 199)]
    public void Tcd_WithALinearModel_FollowsThePaper(double gamma, params int[] timesteps)
    {
        using var scope = NewDisposeScope();
        var options = new SamplingOptions { Sampler = "TCD", Steps = timesteps.Length, Eta = gamma };
        var plan = SamplingPlan.Create(options, Schedule);
        Assert.Equal(timesteps.Select(t => (double)t), plan.Steps.Select(step => step.From.Timestep));
        double[] start = [0.7, -1.3, 0.2], noises = [0.4, -0.9, 1.1, 0.3, -0.6];
        var drawn = 0;

        // The model predicts the noise as a line in x whose slope and height depend on the timestep.
        static (double Slope, double Height) Line(double timestep) => (0.4 + timestep / 2000, 0.1 - timestep / 5000);
        var denoise = Predictions.Denoiser(PredictionType.Epsilon, (x, timestep) => Line(timestep).Slope * x + Line(timestep).Height);
        var latents = tensor(start, [1, 1, 1, 3], ScalarType.Float64);
        var result = plan.Run(denoise, latents, like => full_like(like, noises[drawn++]), cancellationToken: TestContext.Current.CancellationToken);

        var product = AlphasCumprod();
        var expected = start.ToArray();
        for (var i = 0; i < timesteps.Length; i++)
        {
            var (t, next) = (timesteps[i], i + 1 < timesteps.Length ? timesteps[i + 1] : 0);
            var s = (int)Math.Floor((1 - gamma) * next);
            for (var k = 0; k < expected.Length; k++)
            {
                var noise = Line(t).Slope * expected[k] + Line(t).Height;
                var clean = (expected[k] - Math.Sqrt(1 - product[t]) * noise) / Math.Sqrt(product[t]);
                var atS = Math.Sqrt(product[s]) * clean + Math.Sqrt(1 - product[s]) * noise;
                var isLast = i + 1 == timesteps.Length;
                expected[k] = gamma == 0 || isLast ? atS
                    : Math.Sqrt(product[next] / product[s]) * atS + Math.Sqrt(1 - product[next] / product[s]) * noises[i];
            }
        }

        Assert.Equal(gamma == 0 ? 0 : timesteps.Length - 1, drawn);
        // The schedule's numbers are rounded to float32, and the first step divides by an alpha of 0.07.
        Assert.All(expected.Zip(result.data<double>()), pair => Assert.Equal(pair.First, pair.Second, 2e-5));
    }

    [Fact]
    public void Tcd_OnTimestepsThatAreNoWholeNumbers_DrawsNothingWithoutGamma()
    {
        using var scope = NewDisposeScope();
        var plan = SamplingPlan.Create(new() { Sampler = "TCD", Scheduler = "karras", Steps = 5, Eta = 0 }, Schedule);
        Assert.All(plan.Steps, step => Assert.Equal(0, step.FreshNoise(0)));
        var half = SamplingPlan.Create(new() { Sampler = "TCD", Scheduler = "karras", Steps = 5, Eta = 0.5 }, Schedule);
        // The last but one goes to timestep 0, below which there is none.
        Assert.All(half.Steps.SkipLast(2), step => Assert.InRange(step.FreshNoise(0.5), 1e-3, step.To.Sigma));
    }

    private static double[] AlphasCumprod()
    {
        var (first, last) = (Math.Sqrt(0.00085), Math.Sqrt(0.012));
        var product = 1.0;
        return [.. Enumerable.Range(0, 1000).Select(t => product *= 1 - Math.Pow(first + (last - first) * t / 999, 2))];
    }
}
