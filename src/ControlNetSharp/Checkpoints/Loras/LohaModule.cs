using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// The element-wise product of two factors: alpha / rank · first ∘ second. Source: Hyeon-Woo et al. 2022,
/// arXiv:2108.06098 (FedPara), as LyCORIS stores it.
/// </summary>
/// <param name="Name">The module as the file names it.</param>
/// <param name="First">One factor.</param>
/// <param name="Second">The other, of the same shape.</param>
/// <param name="Alpha">The numerator of the scale; null for the rank, so that the scale is 1.</param>
internal sealed record LohaModule(string Name, LoraFactor First, LoraFactor Second, double? Alpha) : LoraChange(Name)
{
    /// <inheritdoc/>
    public override long[]? Shape =>
        First.Shape is { } shape && Second.Shape is { } other && shape.SequenceEqual(other) ? shape : null;

    /// <inheritdoc/>
    public override Tensor Delta(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        var rank = First.Rank!.Value;
        return (First.Read(device) * Second.Read(device))
            .reshape(shape)
            .Times((Alpha ?? rank) / rank)
            .MoveToOuterDisposeScope();
    }
}
