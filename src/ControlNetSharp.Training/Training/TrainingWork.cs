using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Training;

/// <summary>Floating-point operations of a training step, counted as <see cref="NetworkCost"/> does.</summary>
public static class TrainingWork
{
    /// <summary>
    /// GFLOP for one picture. Trained layers cost their forward pass three times (forward, gradient of the input,
    /// gradient of the weights), locked ones behind or among them twice, and locked ones before them once;
    /// checkpointing adds a forward pass of all that have gradients. The hint encoder and changes of low rank are not
    /// in it.
    /// </summary>
    /// <param name="p">The shape of the UNet.</param>
    /// <param name="target">What is trained.</param>
    /// <param name="height">Height of the latents.</param>
    /// <param name="width">Width of the latents.</param>
    /// <param name="checkpointing">Whether blocks are computed again in the backward pass.</param>
    /// <param name="taughtPasses">Forward passes of the UNet beside it, for what a distillation learns from.</param>
    public static double Gflop(
        UNetParams p,
        TrainingTarget target,
        int height,
        int width,
        bool checkpointing,
        int taughtPasses = 0
    )
    {
        var again = checkpointing ? 1 : 0;
        var (parts, encoder) = (TargetParts.Of(target), NetworkCost.UNetEncoder(p, height, width));
        if (parts.IsDistilled)
        {
            return (taughtPasses + 2 + again) * NetworkCost.UNet(p, height, width);
        }

        return (parts.TrainsEncoder ? 3 + again : 1) * encoder
            + ((parts.TrainsDecoder ? 3 : 2) + again) * (NetworkCost.UNet(p, height, width) - encoder)
            + (parts.HasControl ? ((parts.IsLowRank ? 2 : 3) + again) * NetworkCost.ControlNet(p, height, width) : 0);
    }
}
