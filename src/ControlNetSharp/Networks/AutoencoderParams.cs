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
}
