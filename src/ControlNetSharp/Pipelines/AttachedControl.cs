using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A ControlNet with its hint, ready for sampling.</summary>
/// <param name="ControlNet">The network. Borrowed.</param>
/// <param name="EncodedHint">
/// [1 or B, ModelChannels, h, w] from <see cref="Networks.ControlNet.EncodeHint"/>, in the compute dtype. Borrowed.
/// </param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedControl(ControlNet ControlNet, Tensor EncodedHint, ControlStrength Strength) : IControl
{
    /// <summary>Where it acts: [1, 1, H, W], 0..1, of any size; null for everywhere. Borrowed.</summary>
    public Tensor? Region { get; init; }

    /// <inheritdoc cref="PreparedControl.GlobalAveragePooling"/>
    public bool GlobalAveragePooling { get; init; }

    /// <summary>
    /// Whether the unconditional side of the guidance gets no residuals, so that the network runs on half the batch.
    /// </summary>
    public bool IsConditionalOnly => Strength.Mode == ControlMode.Control || GlobalAveragePooling;

    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => Strength.ActsAt(step, steps);

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> Residuals(UNetCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        // Where the unconditional side gets no residuals, they are not computed at all.
        var skipped = IsConditionalOnly ? call.Unconditional : 0;
        var seen = skipped > 0 ? call.ConditionalSides() : call;
        var rows = seen.Input.shape[0];
        var hint = EncodedHint.shape[0] > 1 ? EncodedHint.repeat([rows / EncodedHint.shape[0], 1, 1, 1]) : EncodedHint;
        var residuals = ControlNet.Forward(seen.Input, seen.Timesteps, seen.Context, hint, seen.Vector);
        var count = Math.Max(residuals.Count, ModelFamily.Of(ControlNet.Params.UNet).ControlScales);
        return [.. residuals.Select((residual, index) => WithZeros(Weighted(residual, index, count), skipped))];
    }

    /// <summary>
    /// Residual <paramref name="index"/> of <paramref name="count"/> as it is added to the UNet's features; fresh, [B,
    /// C, h, w] or [B, C, 1, 1].
    /// </summary>
    internal Tensor Weighted(Tensor residual, int index, int count)
    {
        using var scope = NewDisposeScope();
        var scaled = (GlobalAveragePooling ? residual.mean([2, 3], keepdim: true) : residual).Times(
            Strength.ScaleOf(index, count)
        );
        return (
            Region is null
                ? scaled
                : scaled
                    * nn.functional.adaptive_avg_pool2d(Region, [residual.shape[2], residual.shape[3]])
                        .to(residual.dtype)
        ).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of zeros before the others.</summary>
    private static Tensor WithZeros(Tensor residual, long rows) =>
        rows == 0
            ? residual
            : cat([zeros([rows, .. residual.shape[1..]], dtype: residual.dtype, device: residual.device), residual], 0);
}
