using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// A network that adds tensors to the UNet's. What the network says of a call is that of those that derive from this.
/// </summary>
/// <param name="Strength">How strongly and when it acts.</param>
internal abstract record ResidualControl(ControlStrength Strength) : HintedControl(Strength)
{
    /// <inheritdoc/>
    public override UNetAdditions Additions(UNetCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        // Where the unconditional side gets nothing, it is not computed at all.
        var skipped = IsConditionalOnly ? call.Unconditional : 0;
        var seen = skipped > 0 ? call.ConditionalSides() : call;
        var weight = Strength.Weight.At(call.Position);
        return Unweighted(seen)
            .Changed(
                (tensor, index) =>
                    WithZeros(
                        WithUnconditionalFactor(Weighted(tensor, weight * FactorOf(index)), seen.Unconditional),
                        skipped
                    )
            );
    }

    /// <summary>What the network adds at weight 1, for all rows of the call; fresh.</summary>
    protected abstract UNetAdditions Unweighted(UNetCall call);

    /// <summary>The factor of a tensor beside the weight; tensors are counted from 0.</summary>
    protected abstract double FactorOf(int index);

    /// <summary>What is the same for all steps, for all rows of a call.</summary>
    protected static Tensor ForRows(Tensor encoded, long rows) =>
        encoded.shape[0] > 1 ? encoded.repeat([rows / encoded.shape[0], 1, 1, 1]) : encoded;

    /// <summary>A tensor as it is added to the UNet's features; fresh, [B, C, h, w] or [B, C, 1, 1].</summary>
    internal Tensor Weighted(Tensor added, double scale)
    {
        using var scope = NewDisposeScope();
        var scaled = (GlobalAveragePooling ? added.mean([2, 3], keepdim: true) : added).Times(scale);
        return (
            Region is null ? scaled : scaled * RegionOf(added.shape[2], added.shape[3]).to(added.dtype)
        ).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of zeros before the others.</summary>
    private static Tensor WithZeros(Tensor added, long rows) =>
        rows == 0
            ? added
            : cat([zeros([rows, .. added.shape[1..]], dtype: added.dtype, device: added.device), added], 0);
}
