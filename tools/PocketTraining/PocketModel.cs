using ControlNetSharp.Networks;

namespace ControlNetSharp.PocketTraining;

/// <summary>The shapes of the embedded model.</summary>
internal static class PocketModel
{
    public const int PictureSize = 256;

    public static AutoencoderParams Autoencoder { get; } = new() { Channels = 32, Multipliers = [1, 2, 4, 4], ResidualBlocks = 1, NormGroups = 8 };
}
