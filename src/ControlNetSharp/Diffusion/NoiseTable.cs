using static TorchSharp.torch;

namespace ControlNetSharp.Diffusion;

/// <summary>The numbers of a <see cref="NoiseSchedule"/> by timestep. Host values.</summary>
internal sealed class NoiseTable
{
    // diffusers gives the last timestep of a zero-terminal-SNR schedule this alphas_cumprod where a finite sigma is
    // needed (EulerDiscreteScheduler, 58eb52c).
    private const double SmallestAlphasCumprod = 1.0 / (1 << 24);

    /// <summary>Reads the tensors, [timesteps], which are borrowed.</summary>
    public NoiseTable(Tensor betas, Tensor alphasCumprod)
    {
        Betas = [.. betas.to(ScalarType.Float64).data<double>()];
        AlphasCumprod = [.. alphasCumprod.to(ScalarType.Float64).data<double>()];
        Sigmas = [.. AlphasCumprod.Select(a => Math.Max(a, SmallestAlphasCumprod)).Select(a => Math.Sqrt((1 - a) / a))];
    }

    /// <summary>Variance of the noise that each timestep adds.</summary>
    public double[] Betas { get; }

    /// <summary>Product of (1 - beta) up to and with each timestep.</summary>
    public double[] AlphasCumprod { get; }

    /// <summary><see cref="NoiseLevel.RelativeSigma"/> of each timestep; finite at the last one too.</summary>
    public double[] Sigmas { get; }

    /// <summary>Factor of the clean latents at a timestep.</summary>
    public double AlphaAt(int timestep) => Math.Sqrt(AlphasCumprod[timestep]);

    /// <summary>Factor of the noise at a timestep.</summary>
    public double SigmaAt(int timestep) => Math.Sqrt(1 - AlphasCumprod[timestep]);
}
