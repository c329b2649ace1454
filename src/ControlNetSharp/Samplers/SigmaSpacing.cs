using ControlNetSharp.Diffusion;

namespace ControlNetSharp.Samplers;

/// <summary>
/// Sigmas (in the sense of <see cref="NoiseLevel.RelativeSigma"/>) between two ends, largest first, both ends included;
/// one step is the largest only.
/// </summary>
internal static class SigmaSpacing
{
    private const double BetaShape = 0.6;

    /// <summary>The sigmas of <see cref="AlignYourSteps"/> for Stable Diffusion 1.5.</summary>
    public static IReadOnlyList<double> AlignedForSd { get; } =
    [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029];

    /// <summary>The same for SDXL.</summary>
    public static IReadOnlyList<double> AlignedForSdxl { get; } =
    [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029];

    /// <summary>
    /// Equal distances in sigma^(1/rho): more steps where there is little noise. Source: Karras et al. 2022,
    /// arXiv:2206.00364, equation 5.
    /// </summary>
    /// <param name="steps">How many, from 1.</param>
    /// <param name="smallest">Last sigma, above 0.</param>
    /// <param name="largest">First sigma.</param>
    /// <param name="rho">7 in the paper.</param>
    public static IReadOnlyList<double> Karras(int steps, double smallest, double largest, double rho = 7) =>
        [
            .. Ramp(steps)
                .Select(u =>
                    Math.Pow(
                        Math.Pow(largest, 1 / rho) + u * (Math.Pow(smallest, 1 / rho) - Math.Pow(largest, 1 / rho)),
                        rho
                    )
                ),
        ];

    /// <summary>Equal ratios. Source: k-diffusion sampling.py, get_sigmas_exponential.</summary>
    /// <param name="steps">How many, from 1.</param>
    /// <param name="smallest">Last sigma, above 0.</param>
    /// <param name="largest">First sigma.</param>
    public static IReadOnlyList<double> Exponential(int steps, double smallest, double largest) =>
        [.. Ramp(steps).Select(u => largest * Math.Pow(smallest / largest, u))];

    /// <summary>
    /// Equal distances in arctan(sigma), the best ones where data is normal; the step after the last would be at the
    /// smallest sigma. Source: Sabour et al. 2024, arXiv:2404.14507, section 3.1; stable-diffusion-webui, kl_optimal
    /// (behaviour).
    /// </summary>
    /// <inheritdoc cref="Exponential"/>
    public static IReadOnlyList<double> KlOptimal(int steps, double smallest, double largest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return
        [
            .. Enumerable
                .Range(0, steps)
                .Select(i =>
                    Math.Tan(Math.Atan(largest) + i / (double)steps * (Math.Atan(smallest) - Math.Atan(largest)))
                ),
        ];
    }

    /// <summary>
    /// Sigmas that were found best for ten steps of a model, with the logarithms between them interpolated for other
    /// numbers of steps. Source: Sabour et al. 2024, arXiv:2404.14507, section 5 and its page of values.
    /// </summary>
    /// <param name="steps">How many, from 1.</param>
    /// <param name="found">The sigmas, <see cref="AlignedForSd"/> or <see cref="AlignedForSdxl"/>.</param>
    public static IReadOnlyList<double> AlignYourSteps(int steps, IReadOnlyList<double> found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return
        [
            .. Ramp(steps)
                .Select(u => u * (found.Count - 1))
                .Select(at => (Low: Math.Min((int)at, found.Count - 2), At: at))
                .Select(x => found[x.Low] * Math.Pow(found[x.Low + 1] / found[x.Low], x.At - x.Low)),
        ];
    }

    /// <summary>
    /// More steps at both ends: the quantiles of a beta distribution, sigmas in proportion. Source: Lee et al. 2024,
    /// arXiv:2407.12173; stable-diffusion-webui, beta_scheduler with its shape of 0.6 (behaviour).
    /// </summary>
    /// <inheritdoc cref="Exponential"/>
    public static IReadOnlyList<double> Beta(int steps, double smallest, double largest) =>
        [
            .. Ramp(steps)
                .Select(u =>
                    smallest
                    + (largest - smallest) * MathNet.Numerics.Distributions.Beta.InvCDF(BetaShape, BetaShape, 1 - u)
                ),
        ];

    // 0 to 1 in equal distances.
    private static IEnumerable<double> Ramp(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return Enumerable.Range(0, steps).Select(i => steps == 1 ? 0 : i / (double)(steps - 1));
    }
}
