using System.Runtime.InteropServices;

namespace ControlNetSharp.Diffusion;

/// <summary>
/// How noisy latents are: noisy = <paramref name="Alpha"/> · clean + <paramref name="Sigma"/> · noise, with Alpha² +
/// Sigma² = 1, so the network sees latents as they are.
/// Samplers that their papers write for clean + σ · noise (Karras et al. 2022) are the same in these terms with σ =
/// <see cref="RelativeSigma"/> and latents divided by Alpha.
/// </summary>
/// <param name="Alpha">
/// Share of the clean latents, 0..1. 0 is pure noise: the first level of a zero-terminal-SNR schedule.
/// </param>
/// <param name="Sigma">Share of the noise, 0..1. 0 is clean.</param>
/// <param name="Timestep">
/// What the network is told, in training timesteps (0..999 for Stable Diffusion); may be fractional.
/// </param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct NoiseLevel(double Alpha, double Sigma, double Timestep)
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

    /// <summary>The level of a sigma in the sense of <see cref="RelativeSigma"/>.</summary>
    /// <param name="sigma">From 0 (clean), finite.</param>
    /// <param name="timestep">What the network is told at this level.</param>
    public static NoiseLevel OfRelativeSigma(double sigma, double timestep)
    {
        var alpha = 1 / Math.Sqrt(1 + sigma * sigma);
        return new(alpha, sigma * alpha, timestep);
    }
}
