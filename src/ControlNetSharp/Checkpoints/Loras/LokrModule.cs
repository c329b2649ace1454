using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// The Kronecker product of two factors: alpha / rank · first ⊗ second. Where both are whole there is no rank, and the
/// scale is 1 whatever alpha says. Source: LyCORIS.
/// </summary>
/// <param name="Name">The module as the file names it.</param>
/// <param name="First">The outer factor, a small matrix.</param>
/// <param name="Second">The inner factor.</param>
/// <param name="Alpha">The numerator of the scale; null for the rank, so that the scale is 1.</param>
internal sealed record LokrModule(string Name, LoraFactor First, LoraFactor Second, double? Alpha) : LoraChange(Name)
{
    /// <inheritdoc/>
    public override long[]? Shape =>
        First.Shape is [var outer, .. var columns] && Second.Shape is [var inner, .. var rest]
            ? [outer * inner, Product(columns) * Product(rest)]
            : null;

    /// <inheritdoc/>
    public override bool Fits(long[] weight) =>
        base.Fits(weight) && weight.Length > 1 && weight[1] % Product(First.Shape!.Skip(1)) == 0;

    /// <inheritdoc/>
    public override Tensor Delta(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        var first = First.Read(device).flatten(1);
        var (rows, columns) = (first.shape[0], first.shape[1]);
        var second = Second.Read(device).reshape(shape[0] / rows, shape[1] / columns, -1);
        // Each number of the first scales the second whole; the kernel is the second's.
        var product = first.reshape(rows, 1, columns, 1, 1) * second.unsqueeze(0).unsqueeze(2);
        var rank = Second.Rank ?? First.Rank;
        var scale = rank is { } n && Alpha is { } alpha ? alpha / n : 1;
        return product.reshape(shape).Times(scale).MoveToOuterDisposeScope();
    }
}
