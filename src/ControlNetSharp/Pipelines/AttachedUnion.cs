using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A union ControlNet with the hints of the units that share one pass of it.</summary>
/// <param name="Union">The network. Borrowed.</param>
/// <param name="EncodedHints">
/// [1, ModelChannels, h, w], the sum of <see cref="ControlNetUnion.EncodeHint"/>, in the compute dtype. Borrowed.
/// </param>
/// <param name="Kinds">The kinds of the hints, each once.</param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedUnion(
    ControlNetUnion Union,
    Tensor EncodedHints,
    IReadOnlyList<int> Kinds,
    ControlStrength Strength
) : ResidualControl(Strength)
{
    /// <inheritdoc/>
    protected override UNetAdditions Unweighted(UNetCall call) =>
        new()
        {
            Residuals = Union.Forward(
                call.Input,
                call.Timesteps,
                call.Context,
                ForRows(EncodedHints, call.Input.shape[0]),
                Kinds,
                call.Vector
            ),
        };

    /// <inheritdoc/>
    protected override double FactorOf(int index) =>
        AttachedControl.FactorOf(Union.Params.ControlNet.UNet, Strength, index);
}
