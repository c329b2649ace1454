using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>Queries, keys and values of an attention layer, behind their projections.</summary>
/// <param name="Query">[B, L, C].</param>
/// <param name="Key">[B, K, C].</param>
/// <param name="Value">[B, K, C].</param>
/// <param name="Heads">Into how many heads C is divided.</param>
/// <param name="Height">Rows of the feature map whose pixels are the L queries.</param>
/// <param name="Width">Columns of it.</param>
internal sealed record AttentionTensors(Tensor Query, Tensor Key, Tensor Value, int Heads, long Height, long Width)
{
    /// <summary>[K]: added to the scores of the single keys; null for nothing.</summary>
    public Tensor? Scores { get; init; }

    /// <summary>The same with further keys, to whose scores a number is added.</summary>
    /// <param name="key">[B, N, C].</param>
    /// <param name="value">[B, N, C].</param>
    /// <param name="score">The number.</param>
    public AttentionTensors With(Tensor key, Tensor value, double score = 0)
    {
        Tensor Of(Tensor keys, double number) =>
            ones([keys.shape[1]], dtype: Query.dtype, device: Query.device).Times(number);
        return this with
        {
            Key = cat([Key, key], 1),
            Value = cat([Value, value], 1),
            Scores = Scores is null && score == 0 ? null : cat([Scores ?? Of(Key, 0), Of(key, score)], 0),
        };
    }

    /// <summary>What is attended: [B, L, C], fresh.</summary>
    public Tensor Attend() => Attention.MultiHead(Query, Key, Value, Heads, scores: Scores);
}
