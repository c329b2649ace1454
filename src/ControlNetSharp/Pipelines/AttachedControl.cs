using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A ControlNet with its hint, ready for sampling.</summary>
/// <param name="ControlNet">The network. Borrowed.</param>
/// <param name="EncodedHint">[1 or B, ModelChannels, h, w] from <see cref="Networks.ControlNet.EncodeHint"/>, in the compute dtype. Borrowed.</param>
/// <param name="Strength">How strongly and when it acts.</param>
public sealed record AttachedControl(ControlNet ControlNet, Tensor EncodedHint, ControlStrength Strength)
{
    /// <summary>Where it acts: [1, 1, H, W], 0..1, of any size; null for everywhere. Borrowed.</summary>
    public Tensor? Region { get; init; }

    /// <inheritdoc cref="ControlUnit.GlobalAveragePooling"/>
    public bool GlobalAveragePooling { get; init; }

    /// <summary>Whether the unconditional side of the guidance gets no residuals, so that the network runs on half the batch.</summary>
    public bool IsConditionalOnly => Strength.Mode == ControlMode.Control || GlobalAveragePooling;

    /// <summary>Residual <paramref name="index"/> of <paramref name="count"/> as it is added to the UNet's features; fresh, [B, C, h, w] or [B, C, 1, 1].</summary>
    internal Tensor Weighted(Tensor residual, int index, int count)
    {
        using var scope = NewDisposeScope();
        var scaled = (GlobalAveragePooling ? residual.mean([2, 3], keepdim: true) : residual).Times(Strength.ScaleOf(index, count));
        return (Region is null ? scaled : scaled * nn.functional.adaptive_avg_pool2d(Region, [residual.shape[2], residual.shape[3]]).to(residual.dtype)).MoveToOuterDisposeScope();
    }
}
