using System.Diagnostics;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Measuring;

/// <summary>The rows of a profile together are the step: its operations and its calls.</summary>
public sealed class StepProfileTests
{
    [Fact]
    public void Rows_AreTheOperationsOfTheNetwork_AndOfTheFastestStep()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = TinyModel.Sdxl;
        using var unet = new UNet(p, Placement.Cpu32);
        var (latents, timesteps, context, vector) = (zeros(1, p.InChannels, 8, 16), zeros(1), zeros(1, 77, p.ContextChannels), zeros(1, p.VectorChannels!.Value));
        void Step() => unet.Forward(latents, timesteps, context, null, vector);

        var profile = new StepProfile([unet], CPU);
        Assert.Empty(profile.Rows);
        var clock = Stopwatch.StartNew();
        profile.Run(Step);
        var seconds = clock.Elapsed.TotalSeconds;
        var first = profile.Rows.ToDictionary(row => (row.Kind, row.Size));
        Step();
        Assert.Equal(first.Values, profile.Rows);
        profile.Run(() =>
        {
            Step();
            Step();
            Thread.Sleep((int)(1000 * seconds) + 1);
        });

        // The second was slower.
        Assert.Equal(first.Values, profile.Rows);
        Assert.Equal(NetworkCost.UNet(p, 8, 16), profile.Rows.Sum(row => row.Gflop), 1e-9);
        Assert.All(profile.Rows, row => Assert.True(row.Seconds >= 0 && row.Calls > 0, row.ToString()));
        Assert.InRange(profile.Rows.Sum(row => row.Seconds), 0, seconds);
        // What no layer has is one row; each other kind and size is there once.
        Assert.Equal(1, Assert.Single(profile.Rows, row => row.Size.Length == 0).Calls);
        Assert.Equal(profile.Rows.Count, profile.Rows.Select(row => (row.Kind, row.Size)).Distinct().Count());
    }

    [Fact]
    public void Run_OfAStepThatThrows_LeavesTheNetworkUnwatched_AndTheNextOneWhole()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var unet = new UNet(TinyModel.Sdxl, Placement.Cpu32);
        var p = TinyModel.Sdxl;
        var (latents, context, vector) = (zeros(1, p.InChannels, 8, 8), zeros(1, 77, p.ContextChannels), zeros(1, p.VectorChannels!.Value));
        void Step() => unet.Forward(latents, zeros(1), context, null, vector);

        var profile = new StepProfile([unet], CPU);
        Assert.Throws<InvalidOperationException>(() => profile.Run(() =>
        {
            Step();
            throw new InvalidOperationException();
        }));
        Assert.Empty(profile.Rows);
        profile.Run(Step);
        Assert.Equal(NetworkCost.UNet(p, 8, 8), profile.Rows.Sum(row => row.Gflop), 1e-9);
    }
}
