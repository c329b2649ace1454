using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// Samplers that use one prediction a step and remember nothing. In terms of <see cref="NoiseLevel"/> DDIM with eta 0
/// is Karras' Euler step and DDIM with eta 1 is k-diffusion's ancestral one,
/// so one function serves the names but DDPM; they differ in their levels. TCD is DDIM with steps that have a
/// <see cref="LevelStep.Below"/>.
/// </summary>
internal static class FirstOrderSamplers
{
    /// <summary>
    /// Euler's method on the probability flow. Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1 without churn.
    /// </summary>
    /// <inheritdoc cref="Ddim"/>
    public static Tensor Euler(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    ) =>
        Ddim(
            denoise,
            latents,
            steps,
            0,
            like => throw new InvalidOperationException("Eta 0 draws no noise."),
            onStep,
            cancellationToken
        );

    /// <summary>
    /// Euler ancestral: a step to below the next level, then fresh noise up to it. Source: k-diffusion sampling.py,
    /// sample_euler_ancestral.
    /// </summary>
    /// <inheritdoc cref="Ddim"/>
    public static Tensor EulerAncestral(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        double eta,
        NoiseSource noise,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    ) => Ddim(denoise, latents, steps, eta, noise, onStep, cancellationToken);

    /// <summary>
    /// DDIM: x' = α' · clean + √(σ'² - s²) · predicted noise + s · fresh noise. Source: Song et al. 2021,
    /// arXiv:2010.02502, equation 12.
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="eta">Amount of fresh noise, 0 (none) to 1.</param>
    /// <param name="noise">Draws the fresh noise; not called where its amount is 0.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor Ddim(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        double eta,
        NoiseSource noise,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        using var scope = NewDisposeScope();
        var x = latents.alias();
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            var fresh = steps[i].FreshNoise(eta);
            var direction = Math.Sqrt(Math.Max(0, next.Sigma * next.Sigma - fresh * fresh));
            // The predicted noise is (x - α · clean) / σ.
            x = x.Times(direction / level.Sigma)
                .Plus(denoised.Times(next.Alpha - direction * level.Alpha / level.Sigma));
            if (fresh > 0)
            {
                x = x.Plus(noise(x).Times(fresh));
            }

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            scope.DisposeEverythingBut(x);
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// DDPM: the posterior mean of the next level and noise of a fixed variance. Source: Ho et al. 2020,
    /// arXiv:2006.11239, algorithm 2 with equation 7, on a subset of the timesteps.
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="variance">Which of the two variances of the paper's section 3.2.</param>
    /// <param name="noise">Draws the fresh noise; not called where its amount is 0.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor Ddpm(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        DdpmVariance variance,
        NoiseSource noise,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        using var scope = NewDisposeScope();
        var x = latents.alias();
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            var (betaBar, betaBarNext) = (level.Sigma * level.Sigma, next.Sigma * next.Sigma);
            var keep = level.Alpha / next.Alpha;
            var beta = betaBar - keep * keep * betaBarNext; // 1 - keep² where levels keep the variance
            x = denoised.Times(next.Alpha * beta / betaBar).Plus(x.Times(keep * betaBarNext / betaBar));
            // Timestep 0 is the end of the paper's chain (its t = 1): no noise there, though the large variance is not
            // 0.
            var fresh =
                level.Timestep == 0
                    ? 0
                    : Math.Sqrt(variance == DdpmVariance.Large ? beta : beta * betaBarNext / betaBar);
            if (fresh > 0)
            {
                x = x.Plus(noise(x).Times(fresh));
            }

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            scope.DisposeEverythingBut(x);
        }

        return x.MoveToOuterDisposeScope();
    }
}
