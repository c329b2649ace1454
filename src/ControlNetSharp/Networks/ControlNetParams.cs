namespace ControlNetSharp.Networks;

/// <summary>The shape of a ControlNet: the encoder half of a UNet, and the hint encoder in front of it.</summary>
public sealed record ControlNetParams
{
    /// <summary>The UNet whose encoder half this is a copy of.</summary>
    public required UNetParams UNet { get; init; }

    /// <summary>Channels of the hint: 3, RGB in 0..1.</summary>
    public int HintChannels { get; init; } = 3;

    /// <summary>Channels after each convolution of the hint encoder but the last; every second one after the second halves height and width.</summary>
    public IReadOnlyList<int> HintEncoderChannels { get; init; } = [16, 16, 32, 32, 96, 96, 256];
}
