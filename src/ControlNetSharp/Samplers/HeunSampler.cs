using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>Heun's method: an Euler step, then the slope is averaged with the one at its end.</summary>
internal static class HeunSampler
{
    /// <summary>
    /// Heun: second order, two denoiser calls a step; one where the step has no slope at an end (to clean latents, from
    /// pure noise). Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1 without churn.
    /// </summary>
    /// <param name="denoise">The denoiser.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step.</param>
    /// <param name="onStep">Called after each step, with the first of its two predictions.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor Heun(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
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
            var slope = PredictedNoise(x, denoised, level); // dx/dσ of the paper
            var end = denoised.Times(next.Alpha).Plus(slope.Times(next.Sigma));
            if (next.Sigma > 0 && level.Alpha > 0)
            {
                var slopeAtEnd = PredictedNoise(end, denoise(end, next, i), next);
                // The paper's x is ours divided by alpha; its step is (σ' - σ) · mean slope.
                end = end.Plus(
                    (slopeAtEnd - slope).Times(next.Alpha * (next.RelativeSigma - level.RelativeSigma) * 0.5)
                );
            }

            x = end;
            onStep?.Invoke(new(i, steps.Count, level, denoised));
            scope.DisposeEverythingBut(x);
        }

        return x.MoveToOuterDisposeScope();
    }

    private static Tensor PredictedNoise(Tensor x, Tensor denoised, NoiseLevel level) =>
        (x - denoised.Times(level.Alpha)).Over(level.Sigma);
}
