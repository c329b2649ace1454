using System.Numerics;
using System.Runtime.CompilerServices;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Gaussian blur of interleaved channels with the numbers of OpenCV 4.6 (cv2.GaussianBlur): rows, then columns,
/// mirrored at the border without repeating the border pixel.
/// Bytes are exact (weights in 1/256), floats differ in the last bits only. Numbers: goldens blur/*.
/// </summary>
internal static class GaussianBlur
{
    /// <summary>Fixed-point one: 8 bits.</summary>
    private const int One = 256;

    /// <summary>Blurs bytes.</summary>
    /// <param name="source">width · height · channels values. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">Values a pixel.</param>
    /// <param name="sigma">Standard deviation in pixels; 0 or less takes the one that suits the size.</param>
    /// <param name="size">Taps, odd; 0 takes three sigmas on each side.</param>
    public static byte[] Blur(
        ReadOnlySpan<byte> source,
        int width,
        int height,
        int channels,
        double sigma,
        int size = 0
    )
    {
        var kernel = FixedKernel(Kernel(size > 0 ? size : SizeFor(sigma, 3), sigma));
        // 255 · 256 fits 16 bits, so a row's sums lose nothing.
        var rows = Rows<byte, int, FixedSums>(source, width, height, channels, kernel);
        var sums = Columns<int, FixedSums>(rows, width * channels, height, kernel);
        var result = GC.AllocateUninitializedArray<byte>(sums.Length);
        for (var i = 0; i < sums.Length; i++)
        {
            result[i] = (byte)((sums[i] + (1 << 15)) >> 16);
        }

        return result;
    }

    /// <summary>Blurs floats.</summary>
    /// <param name="source">width · height · channels values. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="channels">Values a pixel.</param>
    /// <param name="sigma">Standard deviation in pixels, above 0.</param>
    /// <param name="size">Taps, odd; 0 takes four sigmas on each side.</param>
    public static float[] Blur(
        ReadOnlySpan<float> source,
        int width,
        int height,
        int channels,
        double sigma,
        int size = 0
    )
    {
        float[] kernel = [.. Kernel(size > 0 ? size : SizeFor(sigma, 4), sigma).Select(weight => (float)weight)];
        return Columns<float, FloatSums>(
            Rows<float, float, FloatSums>(source, width, height, channels, kernel),
            width * channels,
            height,
            kernel
        );
    }

    /// <summary>Taps that OpenCV takes for a sigma: so many sigmas on each side and the middle, odd.</summary>
    public static int SizeFor(double sigma, int sigmas) =>
        (int)Math.Round(sigma * sigmas * 2 + 1, MidpointRounding.ToEven) | 1;

    /// <summary>Weights that sum to one. Small sizes without a sigma have tables of binary fractions.</summary>
    public static double[] Kernel(int size, double sigma)
    {
        if (sigma <= 0 && size <= 7)
        {
            return size switch
            {
                1 => [1],
                3 => [0.25, 0.5, 0.25],
                5 => [0.0625, 0.25, 0.375, 0.25, 0.0625],
                _ => [0.03125, 0.109375, 0.21875, 0.28125, 0.21875, 0.109375, 0.03125],
            };
        }

        var deviation = sigma > 0 ? sigma : ((size - 1) * 0.5 - 1) * 0.3 + 0.8;
        double[] weights =
        [
            .. Enumerable
                .Range(0, size)
                .Select(i => Math.Exp(-Math.Pow(i - (size - 1) * 0.5, 2) / (2 * deviation * deviation))),
        ];
        var sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    /// <summary>
    /// Weights in 1/256 that sum to 256: from the edge inwards what rounding takes or gives is carried to the next
    /// weight, the middle gets the rest.
    /// </summary>
    public static int[] FixedKernel(double[] kernel)
    {
        var weights = new int[kernel.Length];
        var middle = kernel.Length / 2;
        var carried = 0.0;
        for (var i = 0; i < middle; i++)
        {
            var wanted = kernel[i] * One + carried;
            weights[i] = weights[^(i + 1)] = (int)Math.Round(wanted, MidpointRounding.ToEven);
            carried = wanted - weights[i];
        }

        weights[middle] = One - weights.Sum();
        return weights;
    }

    private static TSum[] Rows<TValue, TSum, TSums>(
        ReadOnlySpan<TValue> source,
        int width,
        int height,
        int channels,
        TSum[] kernel
    )
        where TValue : struct, INumber<TValue>
        where TSum : struct, INumber<TSum>
        where TSums : ISums<TSum>
    {
        var length = width * channels;
        var reach = kernel.Length / 2;
        var row = new TSum[(width + 2 * reach) * channels];
        var result = new TSum[length * height];
        for (var y = 0; y < height; y++)
        {
            var values = source.Slice(y * length, length);
            for (var x = -reach; x < width + reach; x++)
            {
                var from = Mirrored(x, width) * channels;
                for (var channel = 0; channel < channels; channel++)
                {
                    row[(x + reach) * channels + channel] = TSum.CreateTruncating(values[from + channel]);
                }
            }

            var sums = result.AsSpan(y * length, length);
            for (var tap = 0; tap < kernel.Length; tap++)
            {
                TSums.AddScaled(row.AsSpan(tap * channels, length), kernel[tap], sums);
            }
        }

        return result;
    }

    private static TSum[] Columns<TSum, TSums>(TSum[] rows, int length, int height, TSum[] kernel)
        where TSum : struct, INumber<TSum>
        where TSums : ISums<TSum>
    {
        var reach = kernel.Length / 2;
        var result = new TSum[rows.Length];
        for (var y = 0; y < height; y++)
        {
            var sums = result.AsSpan(y * length, length);
            for (var tap = 0; tap < kernel.Length; tap++)
            {
                TSums.AddScaled(rows.AsSpan(Mirrored(y + tap - reach, height) * length, length), kernel[tap], sums);
            }
        }

        return result;
    }

    /// <summary>
    /// The pixel that stands for one outside: … 2 1 | 0 1 2 … n-1 | n-2 …, as often as the axis is passed.
    /// </summary>
    private static int Mirrored(int index, int length)
    {
        if (length == 1)
        {
            return 0;
        }

        var period = 2 * (length - 1);
        var folded = (index % period + period) % period;
        return folded < length ? folded : period - folded;
    }

    /// <summary>sums += values · weight; concrete types, so that the vectors are the machine's own.</summary>
    private interface ISums<TSum>
    {
        static abstract void AddScaled(ReadOnlySpan<TSum> values, TSum weight, Span<TSum> sums);
    }

    private readonly struct FloatSums : ISums<float>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddScaled(ReadOnlySpan<float> values, float weight, Span<float> sums)
        {
            var i = 0;
            var weights = new Vector<float>(weight);
            for (; i <= sums.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                (new Vector<float>(sums[i..]) + new Vector<float>(values[i..]) * weights).CopyTo(sums[i..]);
            }

            for (; i < sums.Length; i++)
            {
                sums[i] += values[i] * weight;
            }
        }
    }

    private readonly struct FixedSums : ISums<int>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddScaled(ReadOnlySpan<int> values, int weight, Span<int> sums)
        {
            var i = 0;
            var weights = new Vector<int>(weight);
            for (; i <= sums.Length - Vector<int>.Count; i += Vector<int>.Count)
            {
                (new Vector<int>(sums[i..]) + new Vector<int>(values[i..]) * weights).CopyTo(sums[i..]);
            }

            for (; i < sums.Length; i++)
            {
                sums[i] += values[i] * weight;
            }
        }
    }
}
