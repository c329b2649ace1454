using System.Runtime.InteropServices;

namespace ControlNetSharp.Diffusion;

/// <summary>
/// How noisy latents are: noisy = <paramref name="Alpha"/> · clean + <paramref name="Sigma"/> · noise. How the two
/// factors belong together is the schedule's business: Alpha² + Sigma² = 1 for Stable Diffusion, Alpha + Sigma = 1 for
/// rectified flows; samplers take either.
/// Samplers that their papers write for clean + σ · noise (Karras et al. 2022) are the same in these terms with σ =
/// <see cref="RelativeSigma"/> and latents divided by Alpha.
/// </summary>
/// <param name="Alpha">
/// Factor of the clean latents, from 0. 0 is pure noise: the first level of a zero-terminal-SNR schedule.
/// </param>
/// <param name="Sigma">Factor of the noise, from 0. 0 is clean.</param>
/// <param name="Timestep">
/// What the network is told, in training timesteps (0..999 for Stable Diffusion); may be fractional.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NoiseLevel(double Alpha, double Sigma, double Timestep)
{
    /// <summary>No noise: where most samplers end. The network is never asked at this level.</summary>
    public static NoiseLevel Clean { get; } = new(1, 0, 0);

    /// <summary>Sigma / Alpha: the sigma of Karras et al. and k-diffusion; infinite for pure noise.</summary>
    public double RelativeSigma => Sigma / Alpha;

    /// <summary>
    /// ln(Alpha / Sigma), half the log signal-to-noise ratio: the lambda of the DPM-Solver papers; -∞ for pure noise,
    /// +∞ for clean.
    /// </summary>
    public double Lambda => Math.Log(Alpha / Sigma);

    /// <summary>Alpha² + Sigma²: the variance of noisy latents whose clean ones have variance 1.</summary>
    public double Variance => Alpha * Alpha + Sigma * Sigma;
}
