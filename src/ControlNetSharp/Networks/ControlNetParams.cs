namespace ControlNetSharp.Networks;

/// <summary>The shape of a ControlNet: the encoder half of a UNet, and the hint encoder in front of it.</summary>
public sealed record ControlNetParams
{
    /// <summary>The UNet whose encoder half this is a copy of.</summary>
    public required UNetParams UNet { get; init; }

    /// <summary>Channels of the hint: 3, RGB in 0..1.</summary>
    public int HintChannels { get; init; } = 3;

    /// <summary>
    /// Channels after each convolution of the hint encoder but the last; every second one after the second halves
    /// height and width.
    /// </summary>
    public IReadOnlyList<int> HintEncoderChannels { get; init; } = [16, 16, 32, 32, 96, 96, 256];

    /// <summary>
    /// Whether it can control a UNet: it takes the same conditioning and gives residuals of the shapes that the UNet
    /// adds. Its transformers may have fewer blocks (the "mid" ControlNets
    /// of SDXL), and an inpainting UNet's further channels are no concern of it.
    /// </summary>
    /// <param name="model">The UNet's shape.</param>
    public bool Fits(UNetParams model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return (UNet.InChannels, UNet.ModelChannels, UNet.ContextChannels, UNet.VectorChannels, UNet.LinearProjections)
                == (
                    model.OutChannels,
                    model.ModelChannels,
                    model.ContextChannels,
                    model.VectorChannels,
                    model.LinearProjections
                )
            && UNet.Levels.Count == model.Levels.Count
            && UNet.MiddleDepth <= model.MiddleDepth
            && UNet.Levels.Zip(model.Levels)
                .All(pair =>
                    (pair.First.Channels, pair.First.ResidualBlocks)
                        == (pair.Second.Channels, pair.Second.ResidualBlocks)
                    && pair.First.TransformerDepth <= pair.Second.TransformerDepth
                );
    }
}
