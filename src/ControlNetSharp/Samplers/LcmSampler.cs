using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>Multistep sampling of latent consistency models.</summary>
internal static class LcmSampler
{
    /// <summary>
    /// LCM: the clean latents predicted by the consistency function, brought back to the next level with fresh noise.
    /// Source: Luo et al. 2023, arXiv:2310.04378, algorithm 3; boundary scalings as <see cref="ConsistencyScalings"/>.
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="noise">Draws the fresh noise; not called in a step to clean latents.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor Lcm(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
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
            var scalings = ConsistencyScalings.At(level.Timestep);
            var consistent = x.Times(scalings.Skip).Plus(denoised.Times(scalings.Out));
            x = next.Sigma > 0 ? consistent.Times(next.Alpha).Plus(noise(x).Times(next.Sigma)) : consistent;

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            scope.DisposeEverythingBut(x);
        }

        return x.MoveToOuterDisposeScope();
    }
}
