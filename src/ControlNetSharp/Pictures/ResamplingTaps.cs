using System.Numerics;
using System.Runtime.InteropServices;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Along one axis, for each new pixel the source pixels that it is made of and their weights (summing to one, or to
/// 2048 in fixed point).
/// </summary>
/// <param name="Starts">Where the taps of new pixel i begin; one entry more than there are new pixels.</param>
/// <param name="Sources">Source pixels, clamped to the axis, in rising order within one new pixel.</param>
/// <param name="Weights">One weight a tap.</param>
internal sealed record ResamplingTaps<T>(int[] Starts, int[] Sources, T[] Weights)
    where T : struct, INumber<T>
{
    /// <summary>New pixels along the axis.</summary>
    public int Length => Starts.Length - 1;

    /// <summary>The largest number of taps of one new pixel.</summary>
    public int MaxTaps { get; } = Enumerable.Range(0, Starts.Length - 1).Max(i => Starts[i + 1] - Starts[i]);
}

/// <summary>One axis of a resize.</summary>
/// <param name="Length">Source pixels.</param>
/// <param name="NewLength">New pixels.</param>
/// <param name="Scale">Source pixels a new pixel.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ResamplingAxis(int Length, int NewLength, double Scale)
{
    /// <summary>
    /// The axis of a resize to a size. The scale is the reciprocal of a quotient, as in OpenCV, for the same last bits.
    /// </summary>
    public static ResamplingAxis To(int length, int newLength) =>
        new(length, newLength, 1.0 / ((double)newLength / length));

    /// <summary>The axis of a resize by a factor, which need not be the quotient of the rounded lengths.</summary>
    public static ResamplingAxis By(int length, double factor) =>
        new(length, (int)Math.Round(length * factor, MidpointRounding.ToEven), 1.0 / factor);

    /// <summary>Average of the covered source pixels; for scales of 1 and more.</summary>
    public ResamplingTaps<float> CoveredArea()
    {
        // A sliver below a thousandth of a pixel is a rounding error of the scale.
        const double Sliver = 1e-3;
        var starts = new int[NewLength + 1];
        var sources = new List<int>();
        var weights = new List<float>();
        for (var x = 0; x < NewLength; x++)
        {
            var (left, right) = (x * Scale, x * Scale + Scale);
            var covered = Math.Min(Scale, Length - left);
            var last = Math.Min((int)Math.Floor(right), Length - 1);
            var first = Math.Min((int)Math.Ceiling(left), last);
            if (first - left > Sliver)
            {
                sources.Add(first - 1);
                weights.Add((float)((first - left) / covered));
            }

            for (var source = first; source < last; source++)
            {
                sources.Add(source);
                weights.Add((float)(1 / covered));
            }

            if (right - last > Sliver)
            {
                sources.Add(last);
                weights.Add((float)(Math.Min(Math.Min(right - last, 1), covered) / covered));
            }

            starts[x + 1] = sources.Count;
        }

        return new([.. starts], [.. sources], [.. weights]);
    }

    /// <summary>
    /// Kernels of a fixed width: 2 taps for linear and for growing areas, 4 for cubic, 8 for Lanczos.
    /// </summary>
    public ResamplingTaps<float> Kernel(Interpolation interpolation)
    {
        var taps = interpolation switch
        {
            Interpolation.Cubic => 4,
            Interpolation.Lanczos4 => 8,
            _ => 2,
        };
        var starts = new int[NewLength + 1];
        var sources = new int[NewLength * taps];
        var weights = new float[NewLength * taps];
        for (var x = 0; x < NewLength; x++)
        {
            var (source, fraction) = interpolation == Interpolation.Area ? GrowingArea(x) : HalfPixelCentres(x);
            starts[x + 1] = (x + 1) * taps;
            var kernel = weights.AsSpan(x * taps, taps);
            switch (interpolation)
            {
                case Interpolation.Cubic:
                    CubicKernel(fraction, kernel);
                    break;
                case Interpolation.Lanczos4:
                    LanczosKernel(fraction, kernel);
                    break;
                default:
                    (kernel[0], kernel[1]) = (1 - fraction, fraction);
                    break;
            }

            for (var tap = 0; tap < taps; tap++)
            {
                sources[x * taps + tap] = Math.Clamp(source - taps / 2 + 1 + tap, 0, Length - 1);
            }
        }

        return new(starts, sources, weights);
    }

    private (int Source, float Fraction) HalfPixelCentres(int x)
    {
        var position = (float)((x + 0.5) * Scale - 0.5);
        var source = (int)MathF.Floor(position);
        return (source, position - source);
    }

    /// <summary>
    /// OpenCV's INTER_AREA with a growing side: flat over most of a source pixel, with a ramp where a new pixel
    /// straddles two.
    /// </summary>
    private (int Source, float Fraction) GrowingArea(int x)
    {
        var source = (int)Math.Floor(x * Scale);
        var beyond = (float)(x + 1 - (source + 1) / Scale);
        return (source, beyond <= 0 ? 0 : beyond - MathF.Floor(beyond));
    }

    /// <summary>Cubic convolution (Keys 1981) with a = -0.75.</summary>
    private static void CubicKernel(float x, Span<float> kernel)
    {
        const float A = -0.75f;
        kernel[0] = ((A * (x + 1) - 5 * A) * (x + 1) + 8 * A) * (x + 1) - 4 * A;
        kernel[1] = ((A + 2) * x - (A + 3)) * x * x + 1;
        kernel[2] = ((A + 2) * (1 - x) - (A + 3)) * (1 - x) * (1 - x) + 1;
        kernel[3] = 1 - kernel[0] - kernel[1] - kernel[2];
    }

    /// <summary>sinc(d) · sinc(d / 4) at the eight distances, scaled to a sum of one.</summary>
    private static void LanczosKernel(float x, Span<float> kernel)
    {
        var sum = 0f;
        for (var tap = 0; tap < kernel.Length; tap++)
        {
            var distance = x + 3 - tap;
            kernel[tap] = Math.Abs(distance) < 1e-6f ? 1 : (float)(Sinc(distance) * Sinc(distance / 4));
            sum += kernel[tap];
        }

        for (var tap = 0; tap < kernel.Length; tap++)
        {
            kernel[tap] /= sum;
        }
    }

    private static double Sinc(double x) => Math.Sin(Math.PI * x) / (Math.PI * x);
}
