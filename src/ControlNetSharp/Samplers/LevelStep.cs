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
internal readonly record struct LevelStep(NoiseLevel From, NoiseLevel To)
{
    /// <summary>The steps from each level to the next one.</summary>
    /// <param name="levels">Falling noise; the last one is where the sampler ends.</param>
    public static IReadOnlyList<LevelStep> Through(IReadOnlyList<NoiseLevel> levels) =>
        [.. Enumerable.Range(0, levels.Count - 1).Select(i => new LevelStep(levels[i], levels[i + 1]))];

    /// <summary>
    /// Standard deviation of the fresh noise of a step: eta · (σ'/σ) · √(1 - α²/α'²). Source: DDIM (Song et al. 2021,
    /// arXiv:2010.02502), equation 16; eta 1 is the ancestral step
    /// of k-diffusion and the small variance of DDPM.
    /// </summary>
    /// <param name="eta">0 (deterministic) to 1.</param>
    public double FreshNoise(double eta) =>
        eta * (To.Sigma / From.Sigma) * Math.Sqrt(1 - From.Alpha * From.Alpha / (To.Alpha * To.Alpha));
}
