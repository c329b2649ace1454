using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// DPM-Solver++: multistep methods in lambda, half the log signal-to-noise ratio, where the linear part is solved
/// exactly.
/// </summary>
internal static class DpmSolverSamplers
{
    /// <summary>
    /// DPM-Solver++(2M): second order, one denoiser call a step. Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2.
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor DpmPlusPlus2M(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        using var scope = NewDisposeScope();
        var x = latents.alias();
        Tensor? lastDenoised = null;
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            var target = lastDenoised is null ? denoised : Extrapolate(steps, i, denoised, lastDenoised);
            var decay = Math.Exp(level.Lambda - next.Lambda); // e^-h
            x = x.Times(next.Sigma / level.Sigma).Plus(target.Times(next.Alpha * (1 - decay)));

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            lastDenoised = denoised;
            scope.DisposeEverythingBut(x, lastDenoised);
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// SDE-DPM-Solver++(2M): the same on the reverse diffusion, with fresh noise. Source: k-diffusion sampling.py,
    /// sample_dpmpp_2m_sde, midpoint; diffusers "sde-dpmsolver++" (eta 1).
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="eta">Amount of fresh noise: 0 (that of <see cref="DpmPlusPlus2M"/>: none) to 1.</param>
    /// <param name="noise">Draws the fresh noise; not called where its amount is 0.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor DpmPlusPlus2MSde(
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
        Tensor? lastDenoised = null;
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            var target = lastDenoised is null ? denoised : Extrapolate(steps, i, denoised, lastDenoised);
            var decay = Math.Exp(level.Lambda - next.Lambda); // e^-h
            // e^(-eta h), 1 for eta 0 even where h is infinite
            var keep = Math.Pow(decay, eta);
            x = x.Times(next.Sigma / level.Sigma * keep).Plus(target.Times(next.Alpha * (1 - decay * keep)));
            var fresh = next.Sigma * Math.Sqrt(1 - keep * keep);
            if (fresh > 0)
            {
                x = x.Plus(noise(x).Times(fresh));
            }

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            lastDenoised = denoised;
            scope.DisposeEverythingBut(x, lastDenoised);
        }

        return x.MoveToOuterDisposeScope();
    }

    // The prediction in the middle of the step, by the line through the last two. A last step to clean latents is
    // infinitely long in lambda: first order there.
    private static Tensor Extrapolate(IReadOnlyList<LevelStep> steps, int i, Tensor denoised, Tensor lastDenoised)
    {
        var (level, next) = steps[i];
        if (next.Sigma == 0)
        {
            return denoised;
        }

        var r = (level.Lambda - steps[i - 1].From.Lambda) / (next.Lambda - level.Lambda);
        return denoised.Plus((denoised - lastDenoised).Over(2 * r));
    }
}
