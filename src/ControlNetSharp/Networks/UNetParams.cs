namespace ControlNetSharp.Networks;

/// <summary>
/// The shape of a UNet and of its trainable copy. Source: LDM configs (v1-inference.yaml, v2-inference.yaml,
/// sd_xl_base.yaml).
/// </summary>
public sealed record UNetParams
{
    /// <summary>Channels of the noisy latents: 4 (9 for inpainting models).</summary>
    public required int InChannels { get; init; }

    /// <summary>Channels of the prediction: 4.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Channels of the first level: 320 in Stable Diffusion.</summary>
    public required int ModelChannels { get; init; }

    /// <summary>The levels, the largest pictures first.</summary>
    public required IReadOnlyList<UNetLevel> Levels { get; init; }

    /// <summary>Transformer blocks in the middle block.</summary>
    public required int MiddleDepth { get; init; }

    /// <summary>Width of the text conditioning: 768 (SD 1.x), 1024 (SD 2.x), 2048 (SDXL).</summary>
    public required int ContextChannels { get; init; }

    /// <summary>How channels are divided into attention heads; not visible in a checkpoint's shapes.</summary>
    public required HeadRule Heads { get; init; }

    /// <summary>
    /// Whether transformers project with linear layers (SD 2.x, SDXL) instead of 1×1 convolutions (SD 1.x).
    /// </summary>
    public required bool LinearProjections { get; init; }

    /// <summary>Groups of every GroupNorm: 32 in Stable Diffusion; not visible in a checkpoint's shapes.</summary>
    public int NormGroups { get; init; } = 32;

    /// <summary>
    /// Width of the vector that conditions a whole picture beside the text: 2816 (SDXL: pooled text, then six embedded
    /// numbers); null where there is none.
    /// </summary>
    public int? VectorChannels { get; init; }

    /// <summary>
    /// Channels that are put behind those of the noisy latents: 5 in inpainting models (mask and masked picture),
    /// otherwise 0.
    /// </summary>
    public int ConcatenatedChannels => InChannels - OutChannels;

    /// <summary>Width of the time embedding.</summary>
    public int TimeChannels => ModelChannels * 4;

    /// <summary>Stable Diffusion 1.x.</summary>
    public static UNetParams Sd15 { get; } =
        StableDiffusion(320, [1, 2, 4, 4], 2, 768, HeadRule.OfCount(8), linearProjections: false);

    /// <summary>Stable Diffusion 2.x.</summary>
    public static UNetParams Sd21 { get; } =
        StableDiffusion(320, [1, 2, 4, 4], 2, 1024, HeadRule.OfWidth(64), linearProjections: true);

    /// <summary>Stable Diffusion XL base.</summary>
    public static UNetParams Sdxl { get; } = StableDiffusionXl(320, [(1, 0), (2, 2), (4, 10)], 2048, 64, 2816);

    /// <summary>
    /// The layout that SD 1.x and 2.x share: one transformer block after each residual block on all levels but the
    /// last.
    /// </summary>
    /// <param name="modelChannels">Channels of the first level.</param>
    /// <param name="multipliers">Channels of each level as a multiple of the first.</param>
    /// <param name="residualBlocks">Residual blocks a level on the way down.</param>
    /// <param name="contextChannels">Width of the text conditioning.</param>
    /// <param name="heads">How channels are divided into heads.</param>
    /// <param name="linearProjections">Whether transformers project with linear layers.</param>
    public static UNetParams StableDiffusion(
        int modelChannels,
        IReadOnlyList<int> multipliers,
        int residualBlocks,
        int contextChannels,
        HeadRule heads,
        bool linearProjections
    )
    {
        ArgumentNullException.ThrowIfNull(multipliers);
        return new UNetParams
        {
            InChannels = 4,
            OutChannels = 4,
            ModelChannels = modelChannels,
            Levels =
            [
                .. multipliers.Select(
                    (multiplier, level) =>
                        new UNetLevel(modelChannels * multiplier, residualBlocks, level + 1 < multipliers.Count ? 1 : 0)
                ),
            ],
            MiddleDepth = 1,
            ContextChannels = contextChannels,
            Heads = heads,
            LinearProjections = linearProjections,
        };
    }

    /// <summary>
    /// The layout of SDXL: two residual blocks a level, the middle block as deep as the last level, linear projections,
    /// and a vector beside the text.
    /// </summary>
    /// <param name="modelChannels">Channels of the first level.</param>
    /// <param name="levels">
    /// Channels of each level as a multiple of the first, and its transformer blocks after each residual block.
    /// </param>
    /// <param name="contextChannels">Width of the text conditioning.</param>
    /// <param name="headWidth">Channels of one head.</param>
    /// <param name="vectorChannels">Width of the vector.</param>
    public static UNetParams StableDiffusionXl(
        int modelChannels,
        IReadOnlyList<(int Multiplier, int Depth)> levels,
        int contextChannels,
        int headWidth,
        int vectorChannels
    )
    {
        ArgumentNullException.ThrowIfNull(levels);
        return new UNetParams
        {
            InChannels = 4,
            OutChannels = 4,
            ModelChannels = modelChannels,
            Levels = [.. levels.Select(level => new UNetLevel(modelChannels * level.Multiplier, 2, level.Depth))],
            MiddleDepth = levels[^1].Depth,
            ContextChannels = contextChannels,
            Heads = HeadRule.OfWidth(headWidth),
            LinearProjections = true,
            VectorChannels = vectorChannels,
        };
    }
}

/// <summary>One level of a UNet.</summary>
/// <param name="Channels">Channels of its features.</param>
/// <param name="ResidualBlocks">Residual blocks on the way down; one more on the way up.</param>
/// <param name="TransformerDepth">Transformer blocks after each residual block; 0 for none.</param>
public sealed record UNetLevel(int Channels, int ResidualBlocks, int TransformerDepth);

/// <summary>
/// How channels are divided into attention heads: a fixed number of heads (SD 1.x: 8) or heads of a fixed width (SD
/// 2.x, SDXL: 64).
/// </summary>
public sealed record HeadRule
{
    private HeadRule(int? count, int? width) => (Count, Width) = (count, width);

    /// <summary>The number of heads, where that is fixed.</summary>
    public int? Count { get; }

    /// <summary>Channels of one head, where that is fixed.</summary>
    public int? Width { get; }

    /// <summary>Always <paramref name="count"/> heads.</summary>
    public static HeadRule OfCount(int count) => new(count, null);

    /// <summary>As many heads as there are multiples of <paramref name="width"/> channels.</summary>
    public static HeadRule OfWidth(int width) => new(null, width);

    /// <summary>Heads for so many channels.</summary>
    /// <exception cref="ArgumentException">The channels cannot be divided like that.</exception>
    public int For(int channels)
    {
        var (heads, rest) = Count is { } count
            ? (count, channels % count)
            : (channels / Width!.Value, channels % Width.Value);
        return rest == 0 && heads > 0
            ? heads
            : throw new ArgumentException(
                $"{channels} channels cannot be divided into "
                    + $"{(Count is { } n ? $"{n} heads" : $"heads of {Width} channels")}.",
                nameof(channels)
            );
    }
}
