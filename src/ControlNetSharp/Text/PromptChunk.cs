namespace ControlNetSharp.Text;

/// <summary>Up to 75 tokens of a prompt, which the text encoder reads as one text.</summary>
/// <param name="Tokens">
/// Token ids, without start, end and padding; ids below 0 are those of <see cref="TextualInversions"/>.
/// </param>
/// <param name="Weights">One for each of them.</param>
internal sealed record PromptChunk(IReadOnlyList<int> Tokens, IReadOnlyList<double> Weights)
{
    /// <summary>Tokens that fit.</summary>
    public const int Length = ClipTokenizer.ContextLength - 2;

    /// <summary>
    /// How far back a comma may lie at which a full chunk is ended, so that what stands between two commas stays
    /// together.
    /// </summary>
    private const int CommaReach = 20;

    /// <summary>The chunk of an empty prompt.</summary>
    public static PromptChunk Empty { get; } = new([], []);

    /// <summary>
    /// Divides a prompt of any length. Source: stable-diffusion-webui wiki, "Infinite prompt length" and BREAK
    /// (behaviour).
    /// </summary>
    /// <param name="pieces">The prompt, from <see cref="PromptSyntax.Parse"/>.</param>
    /// <param name="tokenizer">Makes tokens of each piece.</param>
    /// <param name="inversions">Names with vectors of their own, which are not divided; null for none.</param>
    /// <returns>At least one chunk.</returns>
    public static IReadOnlyList<PromptChunk> Of(
        IReadOnlyList<WeightedText> pieces,
        ClipTokenizer tokenizer,
        TextualInversions? inversions = null
    )
    {
        ArgumentNullException.ThrowIfNull(pieces);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var comma = tokenizer.Encode(",")[0];
        var chunks = new List<PromptChunk>();
        var (open, lastComma) = (new List<(int Token, double Weight)>(), -1);
        foreach (var piece in pieces)
        {
            if (piece.IsBreak)
            {
                Close(open.Count);
                continue;
            }

            var tokens = tokenizer.Encode(piece.Text);
            for (var at = 0; at < tokens.Count; )
            {
                var (length, ids) = (inversions ?? TextualInversions.None).At(tokens, at);
                var token = ids[0];
                at += length;
                if (token == comma)
                {
                    lastComma = open.Count;
                }

                if (open.Count == Length)
                {
                    Close(
                        token != comma && lastComma >= 0 && open.Count - lastComma <= CommaReach
                            ? lastComma + 1
                            : open.Count
                    );
                }

                if (open.Count + ids.Count > Length)
                {
                    Close(open.Count);
                }

                open.AddRange(ids.Select(id => (id, piece.Weight)));
            }
        }

        if (open.Count > 0 || chunks.Count == 0)
        {
            Close(open.Count);
        }

        return chunks;

        void Close(int count)
        {
            chunks.Add(
                new(
                    [.. open.Take(count).Select(entry => entry.Token)],
                    [.. open.Take(count).Select(entry => entry.Weight)]
                )
            );
            open.RemoveRange(0, count);
            lastComma = -1;
        }
    }
}
