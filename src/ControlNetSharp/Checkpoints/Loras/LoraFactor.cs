using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// A tensor that is stored whole, as the product of two matrices, or as two matrices about a middle part (Tucker
/// decomposition): one of the two that a LoHa or LoKr is made of. Source: LyCORIS.
/// </summary>
/// <param name="Whole">The tensor itself; null where it is a product.</param>
/// <param name="Rows">[outputs, rank], or about a middle part [rank, outputs].</param>
/// <param name="Columns">[rank, inputs · kernel], or about a middle part [rank, inputs].</param>
/// <param name="Middle">[rank, rank, k, k]; null where there is none.</param>
internal sealed record LoraFactor(
    StoredTensor? Whole,
    StoredTensor? Rows,
    StoredTensor? Columns,
    StoredTensor? Middle = null
)
{
    /// <summary>The rank of the product; null where the tensor is whole.</summary>
    public long? Rank => Whole is null ? Columns!.Shape[0] : null;

    /// <summary>[outputs, inputs …]; null where the parts do not fit each other.</summary>
    public long[]? Shape =>
        Whole is not null
            ? Whole.Shape.Count > 1
                ? [.. Whole.Shape]
                : null
            : (Rows!.Shape.ToArray(), Columns!.Shape.ToArray())
                is not
                ([var first, var second], [> 0 and var rank, var inputs])
                ? null
                : Middle is null
                    ? second == rank
                        ? [first, inputs]
                        : null
                    : Middle.Shape is [var left, var right, var height, var width] && left == first && right == rank
                        ? [second, inputs, height, width]
                        : null;

    /// <summary>The tensor in float32; of the dispose scope.</summary>
    public Tensor Read(Device device)
    {
        Tensor Stored(StoredTensor stored) => stored.Read(ScalarType.Float32).to(device);
        return Whole is not null ? Stored(Whole)
            : Middle is null ? Stored(Rows!).matmul(Stored(Columns!))
            : Tucker(Stored(Rows!).t(), Stored(Middle), Stored(Columns!));
    }

    /// <summary>Σ up[i, n] · middle[n, m, k, l] · down[m, j] -> [i, j, k, l].</summary>
    public static Tensor Tucker(Tensor up, Tensor middle, Tensor down) =>
        up.matmul(middle.flatten(1))
            .reshape(up.shape[0], middle.shape[1], middle.shape[2], middle.shape[3])
            .permute(0, 2, 3, 1)
            .matmul(down)
            .permute(0, 3, 1, 2)
            .contiguous();
}
