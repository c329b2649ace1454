namespace ControlNetSharp.Samplers;

/// <summary>Sigmas (in the sense of <see cref="NoiseLevel.RelativeSigma"/>) between two ends, largest first, both ends included; one step is the largest only.</summary>
public static class SigmaSpacing
{
    /// <summary>Equal distances in sigma^(1/rho): more steps where there is little noise. Source: Karras et al. 2022, arXiv:2206.00364, equation 5.</summary>
    /// <param name="steps">How many, from 1.</param>
    /// <param name="smallest">Last sigma, above 0.</param>
    /// <param name="largest">First sigma.</param>
    /// <param name="rho">7 in the paper.</param>
    public static IReadOnlyList<double> Karras(int steps, double smallest, double largest, double rho = 7) =>
        [.. Ramp(steps).Select(u => Math.Pow(Math.Pow(largest, 1 / rho) + u * (Math.Pow(smallest, 1 / rho) - Math.Pow(largest, 1 / rho)), rho))];

    /// <summary>Equal ratios. Source: k-diffusion sampling.py, get_sigmas_exponential.</summary>
    /// <param name="steps">How many, from 1.</param>
    /// <param name="smallest">Last sigma, above 0.</param>
    /// <param name="largest">First sigma.</param>
    public static IReadOnlyList<double> Exponential(int steps, double smallest, double largest) =>
        [.. Ramp(steps).Select(u => largest * Math.Pow(smallest / largest, u))];

    // 0 to 1 in equal distances.
    private static IEnumerable<double> Ramp(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return Enumerable.Range(0, steps).Select(i => steps == 1 ? 0 : i / (double)(steps - 1));
    }
}
