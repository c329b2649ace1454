namespace ControlNetSharp.Networks.Upscalers;

/// <summary>
/// The shape of an <see cref="RrdbNetwork"/>. Published are 64 features, 32 of growth, 23 or 6 blocks.
/// </summary>
internal sealed record RrdbParams
{
    /// <summary>Channels between the blocks.</summary>
    public required int Features { get; init; }

    /// <summary>Channels that each convolution of a dense block adds.</summary>
    public required int Growth { get; init; }

    /// <summary>Residual-in-residual dense blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>How often the features are doubled in height and width behind the blocks: 2 in most.</summary>
    public required int Doublings { get; init; }

    /// <summary>
    /// Side of the squares of pixels that become channels before the first convolution: 1 for none; 2 and 4 in networks
    /// of half and a quarter of the scale.
    /// </summary>
    public required int Unshuffle { get; init; }

    /// <summary>Sides of the result in those of the picture.</summary>
    public int Scale => (1 << Doublings) / Unshuffle;
}
