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
    public void Rows_AreTheOperationsOfTheNetwork_AndStopWithTheProfile()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = TinyModel.Sdxl;
        using var unet = new UNet(p, Placement.Cpu32);
        var (latents, timesteps, context, vector) = (zeros(1, p.InChannels, 8, 16), zeros(1), zeros(1, 77, p.ContextChannels), zeros(1, p.VectorChannels!.Value));
        void Step() => unet.Forward(latents, timesteps, context, null, vector);

        var profile = new StepProfile([unet], CPU);
        profile.Run(Step);
        profile.Run(Step);
        profile.Dispose();
        Step();

        Assert.Equal(2 * NetworkCost.UNet(p, 8, 16), profile.Rows.Sum(row => row.Gflop), 1e-9);
        Assert.All(profile.Rows, row => Assert.True(row.Seconds >= 0 && row.Calls % 2 == 0, row.ToString()));
        // What no layer has is one row; each other kind and size is there once.
        Assert.Equal(2, Assert.Single(profile.Rows, row => row.Size.Length == 0).Calls);
        Assert.Equal(profile.Rows.Count, profile.Rows.Select(row => (row.Kind, row.Size)).Distinct().Count());
    }
}
