using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Training;

/// <summary>Floating-point operations of a training step, counted as <see cref="NetworkCost"/> does.</summary>
public static class TrainingWork
{
    /// <summary>
    /// GFLOP for one picture. Trained layers cost their forward pass three times (forward, gradient of the input,
    /// gradient of the weights), locked ones behind them twice, and locked ones
    /// before them once; checkpointing adds a forward pass of all that have gradients. The hint encoder is not in it.
    /// </summary>
    /// <param name="p">The shape of the UNet.</param>
    /// <param name="target">What is trained.</param>
    /// <param name="height">Height of the latents.</param>
    /// <param name="width">Width of the latents.</param>
    /// <param name="checkpointing">Whether blocks are computed again in the backward pass.</param>
    public static double Gflop(UNetParams p, TrainingTarget target, int height, int width, bool checkpointing)
    {
        var again = checkpointing ? 1 : 0;
        var unet = NetworkCost.UNet(p, height, width);
        if (target == TrainingTarget.UNet)
        {
            return (3 + again) * unet;
        }

        var (encoder, control) = (NetworkCost.UNetEncoder(p, height, width), NetworkCost.ControlNet(p, height, width));
        var decoder = (target == TrainingTarget.ControlNet ? 2 : 3) + again;
        return encoder + decoder * (unet - encoder) + (3 + again) * control;
    }
}
