using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>softmax(Q·Kᵀ/√d)·V. Source: Vaswani et al. 2017, arXiv:1706.03762, equation (1).</summary>
internal static class Attention
{
    /// <summary>Splits the last dimension into heads, attends, and joins the heads again.</summary>
    /// <param name="q">[B, L, C].</param>
    /// <param name="k">[B, K, C].</param>
    /// <param name="v">[B, K, C].</param>
    /// <param name="heads">Number of heads; C is a multiple of it.</param>
    /// <param name="causal">Whether position i sees only positions up to i.</param>
    /// <param name="scores">[K], added to the scores of each key; null for nothing. Not together with causal.</param>
    /// <returns>[B, L, C].</returns>
    public static Tensor MultiHead(
        Tensor q,
        Tensor k,
        Tensor v,
        int heads,
        bool causal = false,
        Tensor? scores = null
    )
    {
        using var scope = NewDisposeScope();
        var (split, keys, values) = (SplitHeads(q, heads), SplitHeads(k, heads), SplitHeads(v, heads));
        return (
            scores is null
                ? Attend(split, keys, values, causal)
                : functional.scaled_dot_product_attention(split, keys, values, attn_mask: scores.view(1, 1, 1, -1))
        )
            .transpose(1, 2)
            .reshape(q.shape)
            .MoveToOuterDisposeScope();
    }

    private static Tensor SplitHeads(Tensor x, int heads) =>
        x.reshape(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);

    private static Tensor Attend(Tensor q, Tensor k, Tensor v, bool causal)
    {
        // The bf16 backward of the fused kernel takes 4 to 20 times as long on a CPU as these two ways do.
        var slowBackward = q.dtype == ScalarType.BFloat16 && q.device_type == DeviceType.CPU && is_grad_enabled();
        if (slowBackward && (causal || k.shape[2] <= 128))
        {
            return functional
                .scaled_dot_product_attention(
                    q.to(ScalarType.Float32),
                    k.to(ScalarType.Float32),
                    v.to(ScalarType.Float32),
                    is_casual: causal
                )
                .to(q.dtype);
        }

        return slowBackward
            ? q.Times(1 / Math.Sqrt(q.shape[3])).matmul(k.transpose(-1, -2)).softmax(-1).matmul(v)
            : functional.scaled_dot_product_attention(q, k, v, is_casual: causal);
    }
}
