using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>The range of the values of a map, and that without outliers.</summary>
/// <param name="Least">The smallest value.</param>
/// <param name="Most">The largest.</param>
/// <param name="Low">The smallest that is no outlier.</param>
/// <param name="High">The largest that is no outlier.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DepthRange(double Least, double Most, double Low, double High)
{
    /// <summary>The share of values at each end that can be outliers.</summary>
    private const double Tail = 0.005;

    /// <summary>Quantiles of large maps are those of about so many of their values.</summary>
    private const int Sampled = 1 << 20;

    /// <summary>
    /// The range of values and that without outliers. What is in the last half percent at an end is an outlier where it
    /// lies far out: farther than half the room that all the rest takes. That is a speck in front
    /// of the lens or the edge of a mirror; a thing that is a little nearer or farther than the rest keeps its grey.
    /// </summary>
    /// <param name="values">The values.</param>
    /// <param name="isUsable">Which ones count.</param>
    /// <param name="scale">A growing or falling function in which room is measured.</param>
    /// <returns>The range; null where no value is usable.</returns>
    public static DepthRange? Of(float[] values, Func<float, bool> isUsable, Func<double, double> scale)
    {
        var (least, most, count) = (double.PositiveInfinity, double.NegativeInfinity, 0);
        foreach (var value in values)
        {
            if (isUsable(value))
            {
                (least, most, count) = (Math.Min(least, value), Math.Max(most, value), count + 1);
            }
        }

        if (count == 0)
        {
            return null;
        }

        var step = Math.Max(1, count / Sampled);
        var sample = values.Where(isUsable).Where((_, i) => i % step == 0).ToArray();
        Array.Sort(sample);
        var beyond = (int)(Tail * sample.Length);
        double low = sample[beyond],
            high = sample[^(1 + beyond)];
        var room = Math.Abs(scale(high) - scale(low));
        return new DepthRange(
            least,
            most,
            IsOutlier(least, low) ? sample.First(value => !IsOutlier(value, low)) : least,
            IsOutlier(most, high) ? sample.Last(value => !IsOutlier(value, high)) : most
        );

        // Where all but some values are the same, these are all that there is to see.
        bool IsOutlier(double end, double inner) => room > 0 && Math.Abs(scale(end) - scale(inner)) > room / 2;
    }
}
