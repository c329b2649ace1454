using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>What both layouts of the text encoder do alike: run the blocks and pick a row's vector.</summary>
internal static class TextTransformer
{
    /// <summary>The features after all blocks but the last <paramref name="clipSkip"/> − 1.</summary>
    public static Tensor Run(Tensor embedded, IEnumerable<TextBlock> blocks, TextEncoderParams p, int clipSkip)
    {
        using var scope = NewDisposeScope();
        var h = embedded.alias();
        foreach (var block in blocks.Take(p.Layers - CheckedClipSkip(clipSkip, p) + 1))
        {
            h = block.call(h);
        }

        return h.MoveToOuterDisposeScope();
    }

    /// <summary>The clip skip, if the encoder has so many blocks.</summary>
    public static int CheckedClipSkip(int clipSkip, TextEncoderParams p) =>
        clipSkip >= 1 && clipSkip <= p.Layers
            ? clipSkip
            : throw new ArgumentOutOfRangeException(
                nameof(clipSkip),
                clipSkip,
                $"Clip skip must be from 1 to {p.Layers}, the number of blocks of this text encoder."
            );

    /// <summary>
    /// The input of the first block (<paramref name="embedded"/>, which the caller gives away) and the output of each.
    /// </summary>
    public static IReadOnlyList<Tensor> RunEach(Tensor embedded, IEnumerable<TextBlock> blocks)
    {
        var states = new List<Tensor> { embedded };
        foreach (var block in blocks)
        {
            states.Add(block.call(states[^1]));
        }

        return states;
    }

    /// <summary>The features [B, L, Width] at the first position of each row's largest id -> [B, Width].</summary>
    public static Tensor AtEndToken(Tensor tokens, Tensor features)
    {
        using var scope = NewDisposeScope();
        return features[TensorArithmetic.Indices(tokens.shape[0], tokens.device), tokens.argmax(-1)]
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The vectors of tokens [B, L]: those of the table, and for ids below 0 the rows of <paramref name="vectors"/> [n,
    /// Width], the first for −1 -> [B, L, Width].
    /// </summary>
    public static Tensor Vectors(EmbeddingLayer table, Tensor tokens, Tensor? vectors)
    {
        using var scope = NewDisposeScope();
        var known = table.call(tokens.AtLeast(0));
        if (vectors is null)
        {
            return known.MoveToOuterDisposeScope();
        }

        var rows = vectors.index_select(0, tokens.SubtractedFrom(-1).AtLeast(0).flatten()).reshape(known.shape);
        return where(tokens.IsAtLeast(0).unsqueeze(-1), known, rows.to(known.dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>Checks a batch of rows before it reaches native code, whose messages name neither.</summary>
    public static void CheckTokens(Tensor tokens, TextEncoderParams p)
    {
        if (tokens.dtype != ScalarType.Int64 || tokens.shape is not [> 0, > 0] || tokens.shape[1] > p.ContextLength)
        {
            throw new ArgumentException(
                $"Tokens must be int64 of shape [B, 1 to {p.ContextLength}]; they are {tokens.dtype} of shape "
                    + $"[{string.Join(", ", tokens.shape)}].",
                nameof(tokens)
            );
        }
    }
}
