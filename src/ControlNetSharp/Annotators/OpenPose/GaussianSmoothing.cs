using System.Numerics.Tensors;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// A Gaussian of sigma 3 in double precision, as scipy.ndimage.gaussian_filter does it: cut at four sigmas, the border
/// mirrored with its own pixel repeated.
/// </summary>
internal static class GaussianSmoothing
{
    private const double Sigma = 3;
    private const int Radius = 12;
    private static readonly double[] Weights = MakeWeights();

    /// <summary>Smooths a map of width · height values; a new array.</summary>
    public static double[] Smooth(ReadOnlySpan<double> map, int width, int height)
    {
        var columns = new double[map.Length];
        for (var y = 0; y < height; y++)
        {
            var sums = columns.AsSpan(y * width, width);
            for (var tap = -Radius; tap <= Radius; tap++)
            {
                TensorPrimitives.MultiplyAdd(
                    map.Slice(Mirrored(y + tap, height) * width, width),
                    Weights[tap + Radius],
                    sums,
                    sums
                );
            }
        }

        var smooth = new double[map.Length];
        var padded = new double[width + 2 * Radius];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < padded.Length; x++)
            {
                padded[x] = columns[y * width + Mirrored(x - Radius, width)];
            }

            var sums = smooth.AsSpan(y * width, width);
            for (var tap = 0; tap < Weights.Length; tap++)
            {
                TensorPrimitives.MultiplyAdd(padded.AsSpan(tap, width), Weights[tap], sums, sums);
            }
        }

        return smooth;
    }

    /// <summary>… 1 0 | 0 1 2 … n-1 | n-1 n-2 …, also where the border is longer than the map.</summary>
    private static int Mirrored(int index, int length)
    {
        var period = 2 * length;
        var folded = ((index % period) + period) % period;
        return folded < length ? folded : period - 1 - folded;
    }

    private static double[] MakeWeights()
    {
        var weights = Enumerable
            .Range(-Radius, 2 * Radius + 1)
            .Select(x => Math.Exp(-0.5 * x * x / (Sigma * Sigma)))
            .ToArray();
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }
}
