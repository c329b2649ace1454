using System.Runtime.InteropServices;
using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Samplers;

/// <summary>
/// One step of a sampler: the network is asked at <paramref name="From"/> and the latents are brought to
/// <paramref name="To"/>.
/// </summary>
/// <param name="From">Noisier level; its Sigma is above 0.</param>
/// <param name="To">
/// Cleaner level. Usually the next step's From; diffusers' DDIM and PNDM subtract a fixed number of timesteps instead,
/// which is another level where the spacing is uneven.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LevelStep(NoiseLevel From, NoiseLevel To)
{
    /// <summary>
    /// The level below To that a step goes to before fresh noise brings it back up to To; null where the amount of
    /// noise alone says how far down that is. It makes DDIM's step that of TCD, strategic stochastic sampling: from
    /// timestep t to s = ⌊(1 - gamma) · t'⌋ along the predicted noise, then fresh noise up to the next timestep t':
    /// x_s = α_s · clean + σ_s · predicted noise, x' = (α'/α_s) · x_s + √(1 - α'²/α_s²) · fresh noise. Source: Zheng et
    /// al. 2024, arXiv:2402.19159, algorithm 4, gamma being eta; whole timesteps as in diffusers TCDScheduler.
    /// </summary>
    internal NoiseLevel? Below { get; init; }

    /// <summary>The steps from each level to the next one.</summary>
    /// <param name="levels">Falling noise; the last one is where the sampler ends.</param>
    public static IReadOnlyList<LevelStep> Through(IReadOnlyList<NoiseLevel> levels) =>
        [.. Enumerable.Range(0, levels.Count - 1).Select(i => new LevelStep(levels[i], levels[i + 1]))];

    /// <summary>
    /// Standard deviation of the fresh noise of a step: eta · σ' · √(1 - s'²/s²) with s the relative sigmas. For
    /// levels that keep the variance that is DDIM's eta · (σ'/σ) · √(1 - α²/α'²) (Song et al. 2021, arXiv:2010.02502,
    /// equation 16); eta 1 is the ancestral step of k-diffusion and the small variance of DDPM. Where the plan has
    /// settled a level below To, as for TCD, it is what leads back from there, whatever eta is.
    /// </summary>
    /// <param name="eta">0 (deterministic) to 1.</param>
    public double FreshNoise(double eta)
    {
        if (Below is { } below)
        {
            // Relative to clean latents the squares of noise add: what To has more than Below is fresh. Clean latents
            // have none, though the level of their timestep, 0, has.
            var (there, whole) = (below.RelativeSigma, To.RelativeSigma);
            return To.Alpha * Math.Sqrt(Math.Max(0, whole * whole - there * there));
        }

        var kept = To.RelativeSigma / From.RelativeSigma; // 0 from pure noise
        return eta * To.Sigma * Math.Sqrt(1 - kept * kept);
    }
}
