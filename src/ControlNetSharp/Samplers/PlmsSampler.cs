using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>PLMS: DDIM steps along a prediction that is extrapolated from the last four.</summary>
internal static class PlmsSampler
{
    // Adams-Bashforth weights for the newest prediction first, by how many predictions there are. Source: PNDM,
    // equation 12, and its lower orders.
    private static readonly double[][] Weights =
    [
        [1],
        [3 / 2.0, -1 / 2.0],
        [23 / 12.0, -16 / 12.0, 5 / 12.0],
        [55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0],
    ];

    /// <summary>
    /// PLMS, the linear multistep form of PNDM: one denoiser call a step and one more in the first. Source: Liu et al.
    /// 2022, arXiv:2202.09778, without Runge-Kutta warm-up as in LDM ldm/models/diffusion/plms.py
    /// and diffusers PNDMScheduler with skip_prk_steps.
    /// </summary>
    /// <param name="denoise">The denoiser.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step; the first one not pure noise.</param>
    /// <param name="extrapolated">
    /// What is extrapolated: LDM takes <see cref="PredictionType.Epsilon"/> for every network, diffusers what the
    /// network predicts (Epsilon or Velocity). The results differ.
    /// </param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="ArgumentException">
    /// The first level is pure noise, or <paramref name="extrapolated"/> is neither Epsilon nor Velocity.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor Plms(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        PredictionType extrapolated = PredictionType.Epsilon,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        if (extrapolated == PredictionType.Sample)
        {
            throw new ArgumentException(
                "PLMS extrapolates Epsilon or Velocity. Actual value was Sample.",
                nameof(extrapolated)
            );
        }

        if (steps[0].From.Alpha == 0)
        {
            throw new ArgumentException(
                "PLMS cannot start at pure noise (Alpha 0, a zero-terminal-SNR schedule); DDIM and DPM++ 2M can.",
                nameof(steps)
            );
        }

        using var scope = NewDisposeScope();
        var x = latents.alias();
        Tensor[] history = []; // newest first
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            history = [FromDenoised(extrapolated, x, denoised, level), .. history.Take(3)];
            var target = Combine(history, Weights[history.Length - 1]);
            if (i == 0 && steps.Count > 1)
            {
                // No history yet: the average of the predictions at both ends, as in Heun's method.
                var end = Ddim(extrapolated, x, target, steps[i]);
                target = target.Plus(FromDenoised(extrapolated, end, denoise(end, next, i), next)).Over(2);
            }

            x = Ddim(extrapolated, x, target, steps[i]);
            onStep?.Invoke(new(i, steps.Count, level, denoised));
            scope.DisposeEverythingBut([x, .. history]);
        }

        return x.MoveToOuterDisposeScope();
    }

    private static Tensor Ddim(PredictionType type, Tensor x, Tensor prediction, LevelStep step)
    {
        var denoised = Predictions.ToDenoised(type, prediction, x, step.From);
        return x.Times(step.To.Sigma / step.From.Sigma)
            .Plus(denoised.Times(step.To.Alpha - step.To.Sigma * step.From.Alpha / step.From.Sigma));
    }

    private static Tensor FromDenoised(PredictionType type, Tensor x, Tensor denoised, NoiseLevel level) =>
        type == PredictionType.Velocity
            ? (x.Times(level.Alpha) - denoised.Times(level.Variance)).Over(level.Sigma)
            : (x - denoised.Times(level.Alpha)).Over(level.Sigma);

    private static Tensor Combine(Tensor[] history, double[] weights) =>
        history.Zip(weights, (prediction, weight) => prediction.Times(weight)).Aggregate((sum, term) => sum.Plus(term));
}
