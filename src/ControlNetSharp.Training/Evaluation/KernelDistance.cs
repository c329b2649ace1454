namespace ControlNetSharp.Evaluation;

/// <summary>
/// How far two sets of pictures are apart: the squared maximum mean discrepancy between their features under the kernel
/// (x·y / d + 1)³, estimated without bias ("KID"). Unlike a distance of
/// fitted normal distributions it does not depend on how many pictures there are; it may come out slightly below 0.
/// Source: Bińkowski et al. 2018, arXiv:1801.01401, section 4.
/// </summary>
public static class KernelDistance
{
    /// <summary>The distance of two sets.</summary>
    /// <param name="first">A vector of features a picture.</param>
    /// <param name="second">Likewise, of the same length d.</param>
    /// <returns>About 0 for two samples of one thing; null where a set has fewer than two pictures.</returns>
    /// <exception cref="ArgumentException">The vectors are not all of one length.</exception>
    public static double? Between(IReadOnlyList<float[]> first, IReadOnlyList<float[]> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Concat(second).Select(features => features.Length).Distinct().Count() > 1)
        {
            throw new ArgumentException("The features of all pictures must be of one length.", nameof(second));
        }

        return first.Count < 2 || second.Count < 2 ? null : Within(first) + Within(second) - 2 * Across(first, second);
    }

    /// <summary>The mean over all pairs of different pictures.</summary>
    private static double Within(IReadOnlyList<float[]> set)
    {
        var sum = 0.0;
        for (var i = 1; i < set.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                sum += Kernel(set[i], set[j]);
            }
        }

        return 2 * sum / ((double)set.Count * (set.Count - 1));
    }

    private static double Across(IReadOnlyList<float[]> first, IReadOnlyList<float[]> second)
    {
        var sum = 0.0;
        foreach (var x in first)
        {
            foreach (var y in second)
            {
                sum += Kernel(x, y);
            }
        }

        return sum / ((double)first.Count * second.Count);
    }

    private static double Kernel(float[] x, float[] y)
    {
        var product = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            product += (double)x[i] * y[i];
        }

        var k = product / x.Length + 1;
        return k * k * k;
    }
}
