namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// The shape of a T2I-Adapter. Source: TencentARC/T2I-Adapter, ldm/modules/encoders/adapter.py, Adapter, Adapter_light
/// and Adapter_XL.
/// </summary>
internal sealed record T2IAdapterParams
{
    /// <summary>Channels of the features, the largest pictures first: 320, 640, 1280, 1280.</summary>
    public required IReadOnlyList<int> Channels { get; init; }

    /// <summary>Channels of the hint: 3 for RGB; 1 for lines (canny, sketch).</summary>
    public required int HintChannels { get; init; }

    /// <summary>Side of the squares of pixels that become channels: 8, or 16 for SDXL.</summary>
    public required int Unshuffle { get; init; }

    /// <summary>Residual blocks of each stage: 2, or 4 in light adapters.</summary>
    public required int Blocks { get; init; }

    /// <summary>
    /// Channels inside of the stages of light adapters, a quarter of <see cref="Channels"/>; null for full ones.
    /// </summary>
    public IReadOnlyList<int>? InnerChannels { get; init; }

    /// <summary>Whether it is of the form that is called XL: coarse squares, and one halving only.</summary>
    public bool HalvesOnce => Unshuffle == XlUnshuffle;

    /// <summary>Which of the three it is called: full, light or XL.</summary>
    public string Form =>
        HalvesOnce ? "XL"
        : InnerChannels is null ? "full"
        : "light";

    /// <summary><see cref="Unshuffle"/> of SDXL's.</summary>
    internal const int XlUnshuffle = 16;

    /// <summary>Channels that the first convolution takes.</summary>
    internal int InChannels => HintChannels * Unshuffle * Unshuffle;

    /// <summary>Whether a stage halves height and width first.</summary>
    internal bool Halves(int stage) => HalvesOnce ? stage == 2 : stage > 0;

    /// <summary>
    /// Behind which stages of a UNet the features go, as <see cref="UNetAdditions.Features"/> counts them: SD 1.x the
    /// last blocks of the levels; SDXL the first downsampling, the last blocks of the other levels, the middle block.
    /// </summary>
    internal IReadOnlyList<int> PlacesIn(UNetParams model)
    {
        var (ends, index) = (new List<int>(), 0);
        foreach (var level in model.Levels)
        {
            index += level.ResidualBlocks;
            ends.Add(index++);
        }

        return HalvesOnce ? [ends[0] + 1, .. ends.Skip(1), index] : ends;
    }

    /// <summary>
    /// Whether a UNet takes its features. SD 2.x has the same channels as SD 1.x, for which alone they were made.
    /// </summary>
    /// <param name="model">The UNet's shape.</param>
    public bool Fits(UNetParams model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var levels = model.Levels.Select(level => level.Channels).ToList();
        return HalvesOnce == model.VectorChannels is not null
            && (HalvesOnce || !model.LinearProjections)
            && Channels.SequenceEqual(HalvesOnce ? [.. levels, levels[^1]] : levels);
    }
}
