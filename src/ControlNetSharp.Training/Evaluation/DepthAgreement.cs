namespace ControlNetSharp.Evaluation;

/// <summary>How well two depth maps agree.</summary>
public static class DepthAgreement
{
    /// <summary>
    /// The mean of |found − true| / true, after the found depth is scaled so that the medians are equal, since one
    /// picture does not tell how large its world is. Source: Zhou et al. 2017,
    /// arXiv:1704.07813, section 4.2.
    /// </summary>
    /// <param name="found">Metres or any multiple, above 0.</param>
    /// <param name="truth">Metres; pixels that are not finite (the sky) are left out. As many values.</param>
    /// <returns>0 or more, lower is better; null where no pixel has a depth.</returns>
    /// <exception cref="ArgumentException">Another number of values.</exception>
    public static double? AbsoluteRelativeError(IReadOnlyList<float> found, IReadOnlyList<float> truth)
    {
        ArgumentNullException.ThrowIfNull(found);
        ArgumentNullException.ThrowIfNull(truth);
        if (found.Count != truth.Count)
        {
            throw new ArgumentException(
                $"The maps have {found.Count} and {truth.Count} values; they must be of one size.",
                nameof(found)
            );
        }

        var solid = Enumerable.Range(0, truth.Count).Where(i => float.IsFinite(truth[i])).ToList();
        if (solid.Count == 0)
        {
            return null;
        }

        var scale = Median(solid.Select(i => truth[i])) / Median(solid.Select(i => found[i]));
        return solid.Average(i => Math.Abs(found[i] * scale - truth[i]) / truth[i]);
    }

    private static double Median(IEnumerable<float> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2.0;
    }
}
