using System.Diagnostics;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Measuring;

/// <summary>How fast this machine multiplies matrices: what other speeds are measured against.</summary>
public static class MatmulPeak
{
    /// <summary>The best of several multiplications of square matrices.</summary>
    /// <param name="placement">Device and type.</param>
    /// <param name="size">Rows and columns.</param>
    /// <param name="attempts">Multiplications, after one that does not count.</param>
    /// <returns>GFLOP/s.</returns>
    public static double Measure(Placement placement, int size = 4096, int attempts = 5)
    {
        ArgumentNullException.ThrowIfNull(placement);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var a = randn(size, size, dtype: placement.Dtype, device: placement.Device);
        var b = randn(size, size, dtype: placement.Dtype, device: placement.Device);
        var best = double.MaxValue;
        for (var attempt = 0; attempt <= attempts; attempt++)
        {
            var clock = Stopwatch.StartNew();
            using var product = a.matmul(b);
            product[0, 0].to(ScalarType.Float32).item<float>();
            best = attempt == 0 ? best : Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * size * size * size / best / 1e9;
    }
}
