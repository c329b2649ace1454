using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public class TrainingPlannerTests
{
    private static readonly TrainingRunOptions Options = new() { Folder = "none", BatchSize = 2, LearningRate = new LearningRate { Peak = 1 }, Loss = new DiffusionLoss(), AverageDecay = 0.9 };

    [Theory]
    [InlineData(TrainingTarget.ControlNet, ScalarType.BFloat16, false, false)]
    [InlineData(TrainingTarget.ControlNet, ScalarType.BFloat16, false, true)]
    [InlineData(TrainingTarget.ControlNet, ScalarType.Float32, true, false)]
    [InlineData(TrainingTarget.ControlLora, ScalarType.BFloat16, false, false)]
    [InlineData(TrainingTarget.ControlLora, ScalarType.Float32, true, true)]
    [InlineData(TrainingTarget.ControlNetAndDecoder, ScalarType.Float32, false, false)]
    [InlineData(TrainingTarget.UNet, ScalarType.Float32, true, false)]
    [InlineData(TrainingTarget.UNet, ScalarType.Float32, true, true)]
    public void Plan_CountsWhatIsThere(TrainingTarget target, ScalarType compute, bool eightBit, bool isXl)
    {
        var p = isXl ? TinyModel.Sdxl : TinyModel.UNetParams;
        using var unet = TinyModel.UNet(p);
        int? rank = target == TrainingTarget.ControlLora ? 3 : null;
        using var controlNet = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32, rank).ControlNet;
        var options = Options with { Optimizer = new AdamWOptions { EightBitState = eightBit } };
        var plan = new TrainingPlanner(p, otherParameters: 1000, target, compute, rank).Plan(options, 64, 64, checkpointing: false);
        long Bytes(string name) => Assert.Single(plan.Memory, part => part.Name == name).Bytes;

        var denoiser = new TrainableDenoiser(unet, target == TrainingTarget.UNet ? null : controlNet, target, compute);
        var trained = denoiser.Parameters.Sum(p => p.Parameter.numel());
        Assert.Equal(4 * trained, Bytes("trained weights"));
        Assert.Equal(4 * trained, Bytes("gradients"));
        Assert.Equal(4 * trained, Bytes("average of the weights"));
        Assert.InRange(Bytes("optimizer"), (eightBit ? 2 : 8) * trained, (eightBit ? 2.1 : 8) * trained);
        var names = denoiser.Parameters.Select(p => p.Name).ToHashSet();
        var locked = 1000 + unet.named_parameters().Where(p => !names.Contains(TinyModel.UNetPrefix + p.name)).Sum(p => p.parameter.numel());
        Assert.Equal(locked * (target is TrainingTarget.ControlNet or TrainingTarget.ControlLora && compute == ScalarType.BFloat16 ? 2 : 4), Bytes("locked weights"));
        Assert.Equal(plan.TotalBytes, plan.Memory.Sum(part => part.Bytes));
        Assert.True(plan.SecondsPerStep > 0);
        Assert.True(Bytes("activations") > 0);
    }

    [Fact]
    public void Plan_WithCheckpointing_NeedsLessForActivations()
    {
        var planner = new TrainingPlanner(TinyModel.UNetParams, 0, TrainingTarget.ControlNet, ScalarType.Float32);
        long Activations(bool checkpointing) => planner.Plan(Options with { BatchSize = 8 }, 128, 128, checkpointing).Memory.Single(part => part.Name == "activations").Bytes;
        Assert.True(Activations(true) < Activations(false));
    }
}
