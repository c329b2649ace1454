using ControlNetSharp.Networks;
using ControlNetSharp.Text;

namespace ControlNetSharp.PocketTraining;

/// <summary>The shapes of the embedded model: Stable Diffusion 1.x at small width, 256 x 256 pictures, 32 x 32 latents.</summary>
internal static class PocketModel
{
    public const int PictureSize = 256;

    public static AutoencoderParams Autoencoder { get; } = new() { Channels = 32, Multipliers = [1, 2, 4, 4], ResidualBlocks = 1, NormGroups = 8 };

    public static TextEncoderParams Text { get; } = new() { Width = 128, Layers = 3, Heads = 4 };

    /// <summary>Channels are multiples of 32, which the convolution gradients on a CPU need; attention is on the three smaller levels, where it is cheap.</summary>
    public static UNetParams UNet { get; } = new()
    {
        InChannels = 4,
        OutChannels = 4,
        ModelChannels = 32,
        Levels = [new(32, 1, 0), new(64, 1, 1), new(128, 1, 1), new(192, 1, 1)],
        MiddleDepth = 1,
        ContextChannels = Text.Width,
        Heads = HeadRule.OfWidth(32),
        LinearProjections = false,
        NormGroups = 8,
    };
}
