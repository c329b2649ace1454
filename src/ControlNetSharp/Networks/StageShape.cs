using ControlNetSharp.Runtime;

namespace ControlNetSharp.Networks;

/// <summary>A stage of a UNet that is not made yet: what it takes and gives, and where it stands.</summary>
/// <param name="Layers">What it is made of, in words; equal words, channels and level mean equal stages.</param>
/// <param name="ChannelsIn">Channels that it takes.</param>
/// <param name="ChannelsOut">Channels that it gives.</param>
/// <param name="Level">
/// Level of the size that it takes: 0 for that of the latents, then a half of it, a quarter …; below 0 for larger ones.
/// </param>
/// <param name="Create">Makes it.</param>
internal sealed record StageShape(
    string Layers,
    int ChannelsIn,
    int ChannelsOut,
    int Level,
    Func<Placement, Stage> Create
)
{
    /// <summary>Transformer blocks in it.</summary>
    public int Transformers { get; init; }

    /// <summary>Whether it has residual blocks: it is no resampling and not the first convolution.</summary>
    public bool IsResidual { get; init; }

    /// <summary>Whether its last layer doubles height and width.</summary>
    public bool Upsamples { get; init; }

    /// <summary>Whether its input is data, of which nobody asks a gradient.</summary>
    public bool TakesData { get; init; }

    /// <summary>Height and width of its input.</summary>
    /// <param name="height">Height of the latents.</param>
    /// <param name="width">Width of the latents.</param>
    public (int Height, int Width) InputSize(int height, int width)
    {
        return (At(height), At(width));

        int At(int side) => Level < 0 ? side << -Level : Math.Max(1, side >> Level);
    }
}
