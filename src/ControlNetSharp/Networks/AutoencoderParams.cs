namespace ControlNetSharp.Networks;

/// <summary>The shape of an Autoencoder. Source: LDM configs, first_stage_config.</summary>
public sealed record AutoencoderParams
{
    /// <summary>Channels at full size: 128 in Stable Diffusion.</summary>
    public required int Channels { get; init; }

    /// <summary>
    /// Channels of each level as a multiple of the first; each level but the last halves height and width.
    /// </summary>
    public required IReadOnlyList<int> Multipliers { get; init; }

    /// <summary>Residual blocks a level in the encoder; the decoder has one more.</summary>
    public required int ResidualBlocks { get; init; }

    /// <summary>Channels of the latents.</summary>
    public int LatentChannels { get; init; } = 4;

    /// <summary>Groups of every GroupNorm; not visible in a checkpoint's shapes.</summary>
    public int NormGroups { get; init; } = 32;

    /// <summary>latents = ScaleFactor · z: 0.18215 (SD 1.x, 2.x), 0.13025 (SDXL).</summary>
    public double ScaleFactor { get; init; } = 0.18215;

    /// <summary>Whether it is TAESD: convolutions alone, <see cref="TinyAutoencoder"/>.</summary>
    internal bool IsTiny { get; init; }

    /// <summary>Whether it has an encoder; one for previews may be a decoder alone.</summary>
    internal bool HasEncoder { get; init; } = true;

    /// <summary>Pixels a latent pixel stands for, in each direction: 8.</summary>
    public int Downscale => 1 << (Multipliers.Count - 1);

    /// <summary>The Autoencoder of Stable Diffusion.</summary>
    public static AutoencoderParams StableDiffusion { get; } =
        new()
        {
            Channels = 128,
            Multipliers = [1, 2, 4, 4],
            ResidualBlocks = 2,
        };

    /// <summary>
    /// TAESD: 64 channels at every level; its latents are scaled ones already. Source: madebyollin/taesd, taesd.py.
    /// </summary>
    /// <param name="latentChannels">Channels of the latents.</param>
    /// <param name="hasEncoder">Whether it can encode.</param>
    internal static AutoencoderParams Tiny(int latentChannels, bool hasEncoder) =>
        new()
        {
            Channels = 64,
            Multipliers = [1, 1, 1, 1],
            ResidualBlocks = 3,
            LatentChannels = latentChannels,
            ScaleFactor = 1,
            IsTiny = true,
            HasEncoder = hasEncoder,
        };
}
