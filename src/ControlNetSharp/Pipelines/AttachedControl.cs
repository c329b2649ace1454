using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A ControlNet with its hint.</summary>
/// <param name="ControlNet">The network. Borrowed.</param>
/// <param name="EncodedHint">
/// [1 or B, ModelChannels, h, w] from <see cref="Networks.ControlNet.EncodeHint"/>, in the compute dtype. Borrowed.
/// </param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedControl(ControlNet ControlNet, Tensor EncodedHint, ControlStrength Strength)
    : ResidualControl(Strength)
{
    /// <inheritdoc/>
    protected override UNetAdditions Unweighted(UNetCall call) =>
        new()
        {
            Residuals = ControlNet.Forward(
                call.Input,
                call.Timesteps,
                call.Context,
                ForRows(EncodedHint, call.Input.shape[0]),
                call.Vector
            ),
        };

    /// <inheritdoc/>
    protected override double FactorOf(int index) => FactorOf(ControlNet.Params.UNet, Strength, index);

    /// <summary>The factor of a residual of a ControlNet for such a UNet, beside the weight.</summary>
    internal static double FactorOf(UNetParams unet, ControlStrength strength, int index)
    {
        var residuals = unet.Levels.Sum(level => level.ResidualBlocks + 1) + 1;
        return strength.FactorOf(index, Math.Max(residuals, ModelFamily.Of(unet).ControlScales));
    }
}
