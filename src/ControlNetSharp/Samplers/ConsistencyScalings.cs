namespace ControlNetSharp.Samplers;

/// <summary>
/// How a consistency function is made of a denoiser: f(x, t) = <paramref name="Skip"/> · x + <paramref name="Out"/> ·
/// (the clean latents predicted from x at t), which is x itself at timestep 0. Source: Song et al. 2023,
/// arXiv:2303.01469, equation (5); sigma_data 0.5 and timesteps times 10 as in diffusers LCMScheduler.
/// </summary>
/// <param name="Skip">Factor of the noisy latents.</param>
/// <param name="Out">Factor of the predicted clean latents.</param>
internal readonly record struct ConsistencyScalings(double Skip, double Out)
{
    private const double SigmaData = 0.5;
    private const double TimestepScale = 10;

    /// <summary>The factors at a timestep.</summary>
    /// <param name="timestep">In training timesteps, from 0.</param>
    public static ConsistencyScalings At(double timestep)
    {
        var time = TimestepScale * timestep;
        var norm = time * time + SigmaData * SigmaData;
        return new(SigmaData * SigmaData / norm, time / Math.Sqrt(norm));
    }
}
