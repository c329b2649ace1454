using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// Lets attentions to the text attend to pictures as well, with their own queries: attention(q, text) + weight ·
/// attention(q, picture), before the output projection. Source: Ye et al. 2023, arXiv:2308.06721, equation (5).
/// </summary>
/// <param name="Keys">What is attended to, by the place where; elsewhere nothing is added. Borrowed.</param>
internal sealed record PictureAttention(IReadOnlyDictionary<AttentionPlace, PictureKeys> Keys) : IBlockControl
{
    /// <summary>Where it counts: [1, 1, H, W], 0..1, of any size; null for everywhere. Borrowed.</summary>
    public Tensor? Region { get; init; }

    /// <inheritdoc/>
    public Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend)
    {
        if (!Keys.TryGetValue(place, out var picture))
        {
            return attend(projected);
        }

        using var scope = NewDisposeScope();
        var queries = projected.Query;
        Tensor ForRows(Tensor tokens) => tokens.expand(queries.shape[0], -1, -1);
        var added = Attention
            .MultiHead(queries, ForRows(picture.Key), ForRows(picture.Value), projected.Heads)
            .Times(picture.Weight);
        if (Region is not null)
        {
            added *= adaptive_avg_pool2d(Region, [projected.Height, projected.Width])
                .reshape(1, queries.shape[1], 1)
                .to(added.dtype);
        }

        return attend(projected).Plus(added).MoveToOuterDisposeScope();
    }
}

/// <summary>Keys and values of a picture in one attention.</summary>
/// <param name="Key">[1 or B, N, C].</param>
/// <param name="Value">The same shape.</param>
/// <param name="Weight">The factor of what is attended.</param>
internal sealed record PictureKeys(Tensor Key, Tensor Value, double Weight);
