using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// UniPC: a multistep predictor whose result is corrected once the next prediction is there, at no extra denoiser call.
/// </summary>
internal static class UniPcSampler
{
    /// <summary>
    /// UniPC-2: second order predictor with its corrector (third order), one denoiser call a step. The first and the
    /// last step are first order. Source: Zhao et al. 2023, arXiv:2302.04867, algorithms 1 and 2 on data prediction;
    /// diffusers UniPCMultistepScheduler with solver_order 2.
    /// </summary>
    /// <param name="denoise">The denoiser, called once a step.</param>
    /// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
    /// <param name="steps">Falling noise levels, at least one step; each To is the next From.</param>
    /// <param name="kind">The function B(h) of the paper.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellationToken">Looked at before each denoiser call.</param>
    /// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Tensor UniPc(
        Denoiser denoise,
        Tensor latents,
        IReadOnlyList<LevelStep> steps,
        UniPcKind kind = UniPcKind.Bh2,
        Action<SamplerStep>? onStep = null,
        CancellationToken cancellationToken = default
    )
    {
        using var scope = NewDisposeScope();
        var x = latents.alias();
        Tensor? start = null; // the corrected latents at the last From
        Tensor? last = null; // the prediction there
        // (prediction before that - last) / r; null where the last step was first order
        Tensor? lastSlope = null;
        for (var i = 0; i < steps.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (level, next) = steps[i];
            var denoised = denoise(x, level, i);
            if (start is not null && last is not null)
            {
                x = Correct(steps, i - 1, kind, start, last, lastSlope, denoised);
            }

            // Differences of predictions over lambda, in units of this step.
            var secondOrder = i > 0 && i + 1 < steps.Count;
            lastSlope = secondOrder ? (last! - denoised).Over(Ratio(steps, i)) : null;
            (start, last) = (x, denoised);
            x = FirstOrder(steps[i], x, denoised);
            if (lastSlope is not null)
            {
                x = x - lastSlope.Times(next.Alpha * B(steps[i], kind) * 0.5);
            }

            onStep?.Invoke(new(i, steps.Count, level, denoised));
            Tensor[] survivors = lastSlope is null ? [x, start, last] : [x, start, last, lastSlope];
            scope.DisposeEverythingBut(survivors);
        }

        return x.MoveToOuterDisposeScope();
    }

    // UniC: the step is done again with the prediction at its end as one more point.
    private static Tensor Correct(
        IReadOnlyList<LevelStep> steps,
        int i,
        UniPcKind kind,
        Tensor start,
        Tensor denoised,
        Tensor? slope,
        Tensor denoisedAtEnd
    )
    {
        var step = steps[i];
        var h = step.From.Lambda - step.To.Lambda; // negative: data prediction
        var b = B(step, kind);
        var difference = denoisedAtEnd - denoised;
        if (slope is null)
        {
            return FirstOrder(step, start, denoised) - difference.Times(step.To.Alpha * b * 0.5);
        }

        // R · rho = b of the paper for the two points r and 1: rho1 + rho2 = b1, r · rho1 + rho2 = b2.
        var r = Ratio(steps, i);
        var phi2 = (Math.Exp(h) - 1) / h - 1;
        var phi3 = phi2 / h - 0.5;
        var (b1, b2) = (phi2 / b, 2 * phi3 / b);
        var rho1 = (b1 - b2) / (1 - r);
        return FirstOrder(step, start, denoised)
            - slope.Times(rho1).Plus(difference.Times(b1 - rho1)).Times(step.To.Alpha * b);
    }

    private static Tensor FirstOrder(LevelStep step, Tensor x, Tensor denoised) =>
        x.Times(step.To.Sigma / step.From.Sigma)
            .Plus(denoised.Times(step.To.Alpha * (1 - Math.Exp(step.From.Lambda - step.To.Lambda))));

    // Where the point before lies, in units of this step: negative.
    private static double Ratio(IReadOnlyList<LevelStep> steps, int i) =>
        (steps[i - 1].From.Lambda - steps[i].From.Lambda) / (steps[i].To.Lambda - steps[i].From.Lambda);

    private static double B(LevelStep step, UniPcKind kind)
    {
        var h = step.From.Lambda - step.To.Lambda;
        return kind == UniPcKind.Bh1 ? h : Math.Exp(h) - 1;
    }
}
