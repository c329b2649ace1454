using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Asks an SD 2.x UNet what it predicts. At the noisiest timestep a network that predicts noise gives back what it is
/// given, and one that predicts velocity something far below it.
/// Source: A1111 modules/sd_models_config.py, is_using_v_parameterization_for_sd2 (behaviour; the numbers are its).
/// </summary>
internal static class VelocityProbe
{
    private const float Value = 0.5f;
    private const double Threshold = -1;

    /// <summary>
    /// Whether it predicts velocity. Inpainting models of SD 2.x, of which there is one kind only, predict noise.
    /// </summary>
    public static bool PredictsVelocity(UNet unet, Placement placement)
    {
        if (unet.Params.ConcatenatedChannels > 0)
        {
            return false;
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor Constant(params long[] shape) =>
            ones(shape, dtype: placement.Dtype, device: placement.Device).Times(Value);
        var latents = Constant(1, unet.Params.InChannels, 8, 8);
        var prediction = unet.Forward(
            latents,
            tensor([999L], device: placement.Device),
            Constant(1, 2, unet.Params.ContextChannels)
        );
        return (prediction - latents).to(ScalarType.Float32).mean().item<float>() < Threshold;
    }
}
