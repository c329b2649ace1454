using ControlNetSharp.Diffusion;
using ControlNetSharp.Samplers;
using Xunit;

namespace ControlNetSharp.Tests.Samplers;

public class SigmaSpacingTests
{
    [Theory]
    [InlineData("karras", true)]
    [InlineData("exponential", true)]
    [InlineData("kl_optimal", false)]
    [InlineData("align_your_steps", true)]
    [InlineData("align_your_steps_xl", true)]
    [InlineData("beta", true)]
    public void Levels_FallFromTheLargestSigma_ToTheSmallestOrOneStepBefore(string name, bool reachesTheSmallest)
    {
        var schedule = NoiseSchedule.StableDiffusion;
        foreach (var steps in new[] { 1, 2, 10, 11, 30 })
        {
            var levels = SamplerCatalogue.Schedulers.Single(scheduler => scheduler.Name == name).Levels(schedule, steps);
            Assert.Equal(steps, levels.Count);
            Assert.Equal(schedule.LargestSigma, levels[0].RelativeSigma, 0.001);
            Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.First.RelativeSigma > pair.Second.RelativeSigma));
            Assert.True(steps == 1 || reachesTheSmallest == levels[^1].RelativeSigma < schedule.SmallestSigma + 0.001);
        }
    }

    [Fact]
    public void AlignYourSteps_InTenSteps_AreThePapersSigmas_AndBetweenThemGeometricMeans()
    {
        Assert.Equal(SigmaSpacing.AlignedForSd, SigmaSpacing.AlignYourSteps(11, SigmaSpacing.AlignedForSd));
        var twice = SigmaSpacing.AlignYourSteps(21, SigmaSpacing.AlignedForSdxl);
        Assert.All(SigmaSpacing.AlignedForSdxl.Index(), sigma => Assert.Equal(sigma.Item, twice[2 * sigma.Index], 1e-9));
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(twice[2 * i] * twice[2 * i + 2], twice[2 * i + 1] * twice[2 * i + 1], 1e-9));
    }

    [Fact]
    public void KlOptimal_HasEqualAngles()
    {
        var angles = SigmaSpacing.KlOptimal(8, 0.03, 14).Select(Math.Atan).Append(Math.Atan(0.03)).ToList();
        Assert.All(angles.Zip(angles.Skip(1)), pair => Assert.Equal((Math.Atan(14) - Math.Atan(0.03)) / 8, pair.First - pair.Second, 1e-9));
    }

    [Fact]
    public void Beta_IsTheQuantileOfTheDistribution()
    {
        var sigmas = SigmaSpacing.Beta(9, 1, 11);
        // The distribution is symmetric; its density is x^-0.4 (1-x)^-0.4, whose integral the midpoint rule gives.
        Assert.All(Enumerable.Range(0, 9), i => Assert.Equal(12, sigmas[i] + sigmas[8 - i], 1e-6));
        double Mass(double to) => Enumerable.Range(0, 200_000).Select(i => (i + 0.5) / 200_000 * Math.Pow(to, 0.6)).Sum(u => Math.Pow(1 - Math.Pow(u, 1 / 0.6), -0.4)) / 200_000 * Math.Pow(to, 0.6);
        Assert.Equal(0.25, Mass((sigmas[6] - 1) / 10) / (2 * Mass(0.5)), 1e-3);
    }
}
