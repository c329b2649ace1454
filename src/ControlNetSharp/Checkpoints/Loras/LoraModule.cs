using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// What a LoRA (for convolutions also called LoCon) adds to one weight: alpha / rank · up · down. Source: Hu et al.
/// 2021, arXiv:2106.09685, section 4.1; for convolutions with a middle part (Tucker
/// decomposition) LyCORIS; numbers: goldens lora.
/// </summary>
/// <param name="Name">The module as the file names it.</param>
/// <param name="Down">[rank, inputs], or [rank, inputs, k, k] for a convolution.</param>
/// <param name="Up">[outputs, rank], or [outputs, rank, 1, 1].</param>
/// <param name="Middle">[rank, rank, k, k] between two 1×1 parts; null where there is none.</param>
/// <param name="Alpha">The numerator of the scale; null for the rank, so that the scale is 1.</param>
internal sealed record LoraModule(string Name, StoredTensor Down, StoredTensor Up, StoredTensor? Middle, double? Alpha)
    : LoraChange(Name)
{
    /// <inheritdoc/>
    public override long[]? Shape
    {
        get
        {
            if (
                Down.Shape.ToArray() is not [> 0 and var rank, var inputs, .. var kernel]
                || Up.Shape.ToArray() is not [var outputs, var upRank, .. var upKernel]
                || upKernel.Any(side => side != 1)
            )
            {
                return null;
            }

            return Middle is null
                ? rank == upRank && kernel.Length is 0 or 2
                    ? [outputs, inputs, .. kernel]
                    : null
                : Middle.Shape is [var left, var right, var height, var width]
                && left == upRank
                && right == rank
                && kernel.All(side => side == 1)
                    ? [outputs, inputs, height, width]
                    : null;
        }
    }

    /// <inheritdoc/>
    public override bool Fits(long[] weight) =>
        Shape is [var outputs, var inputs, .. var kernel]
        && weight is [var rows, var columns, .. var sides]
        && outputs == rows
        && inputs == columns
        && (kernel.SequenceEqual(sides) || (kernel.All(side => side == 1) && sides.All(side => side == 1)))
        && FitsMagnitude(weight);

    /// <inheritdoc/>
    public override Tensor Delta(long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor Read(StoredTensor stored) => stored.Read(ScalarType.Float32).to(device);
        var (down, up) = (Read(Down).flatten(1), Read(Up).flatten(1));
        var delta = Middle is null ? up.matmul(down) : LoraFactor.Tucker(up, Read(Middle), down);
        return delta.reshape(shape).Times((Alpha ?? Down.Shape[0]) / Down.Shape[0]).MoveToOuterDisposeScope();
    }
}
