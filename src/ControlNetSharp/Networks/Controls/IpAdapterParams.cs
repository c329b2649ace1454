using ControlNetSharp.Networks.Blocks;

namespace ControlNetSharp.Networks.Controls;

/// <summary>The shape of an IP-Adapter.</summary>
internal sealed record IpAdapterParams
{
    /// <summary>How what an image encoder says of a picture becomes tokens.</summary>
    public required ImageProjectionParams Projection { get; init; }

    /// <summary>Width of the tokens, that of the text conditioning: 768 (SD 1.x), 2048 (SDXL).</summary>
    public required int ContextChannels { get; init; }

    /// <summary>
    /// Channels of each attention to the context, in the order of the files: on the way down, on the way up, the middle
    /// block last.
    /// </summary>
    public required IReadOnlyList<int> Channels { get; init; }

    /// <summary>Whether a UNet has these attentions and this context.</summary>
    public bool Fits(UNetParams model) =>
        ContextChannels == model.ContextChannels
        && TextAttention.InFileOrder(model).Select(attention => attention.Channels).SequenceEqual(Channels);
}

/// <summary>How what an image encoder says of a picture becomes tokens.</summary>
/// <param name="Width">Width of what it takes.</param>
/// <param name="Form">What IP-Adapters of this kind are called.</param>
/// <param name="TakesTokens">
/// Whether it looks at the encoder's tokens before the last block; else at the embedding of the picture.
/// </param>
internal abstract record ImageProjectionParams(int Width, string Form, bool TakesTokens);

/// <summary>One linear layer that gives all tokens.</summary>
/// <param name="Width">Width of the embedding: 1024 (ViT-H), 1280 (bigG).</param>
/// <param name="Tokens">How many: 4.</param>
internal sealed record LinearProjectionParams(int Width, int Tokens) : ImageProjectionParams(Width, "base", false);

/// <summary>Learned queries that attend to the encoder's tokens.</summary>
/// <param name="Width">Width of the encoder's tokens: 1280 (ViT-H).</param>
internal sealed record ResamplerParams(int Width) : ImageProjectionParams(Width, "plus", true)
{
    /// <summary>Width inside: 768 (SD 1.x), 1280 (SDXL).</summary>
    public required int Channels { get; init; }

    /// <summary>Learned queries, and so tokens: 16.</summary>
    public required int Queries { get; init; }

    /// <summary>Blocks: 4.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of queries, keys and values of all heads: 768, 1280.</summary>
    public required int AttentionWidth { get; init; }

    /// <summary>Attention heads: 12, 20; heads are 64 wide.</summary>
    public required int Heads { get; init; }

    /// <summary>Width inside the feed-forward part: 3072, 5120.</summary>
    public required int InnerWidth { get; init; }
}

/// <summary>Two layers over each of the encoder's tokens.</summary>
/// <param name="Width">Width of the encoder's tokens: 1280 (ViT-H).</param>
/// <param name="InnerWidth">Width between the layers: the same.</param>
internal sealed record TokenProjectionParams(int Width, int InnerWidth)
    : ImageProjectionParams(Width, "full-face", true);

/// <summary>An attention to the text in a UNet.</summary>
/// <param name="Place">Where it is.</param>
/// <param name="Channels">Its channels.</param>
/// <param name="Layer">
/// Which of the UNet's stages with transformers it is in, in the order in which they are run: 16 in SD 1.x, 11 in SDXL.
/// </param>
internal sealed record TextAttention(AttentionPlace Place, int Channels, int Layer)
{
    /// <summary>All in the order in which they are run.</summary>
    public static IReadOnlyList<TextAttention> All(UNetParams model)
    {
        var (all, stage, layer) = (new List<TextAttention>(), 0, 0);
        foreach (var (index, level) in model.Levels.Index())
        {
            for (var residual = 0; residual < level.ResidualBlocks; residual++)
            {
                stage++;
                Add(level.Channels, level.TransformerDepth);
            }

            stage += index + 1 < model.Levels.Count ? 1 : 0;
        }

        stage++;
        Add(model.Levels[^1].Channels, model.MiddleDepth);
        foreach (var level in model.Levels.Reverse())
        {
            for (var residual = 0; residual <= level.ResidualBlocks; residual++)
            {
                stage++;
                Add(level.Channels, level.TransformerDepth);
            }
        }

        return all;

        void Add(int channels, int depth)
        {
            for (var block = 0; block < depth; block++)
            {
                all.Add(new(new(stage, block, IsSelf: false), channels, layer));
            }

            layer += depth > 0 ? 1 : 0;
        }
    }

    /// <summary>
    /// The same in the order of IP-Adapter's files, which is that of diffusers: the middle block last. Source:
    /// tencent-ailab/IP-Adapter, ip_adapter/ip_adapter.py, set_ip_adapter.
    /// </summary>
    public static IReadOnlyList<TextAttention> InFileOrder(UNetParams model)
    {
        var middle = model.Levels.Sum(level => level.ResidualBlocks + 1);
        return [.. All(model).OrderBy(attention => attention.Place.Stage == middle)];
    }
}
