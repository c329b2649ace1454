using System.Numerics;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Resizes arrays of interleaved channels as OpenCV 4.6 does: bytes in fixed point (weights in 1/2048) or, for
/// shrinking areas, in float32; floats in float32.
/// Nearest is exact; other bytes differ from OpenCV by at most one level, since its vector code rounds ties differently
/// by platform.
/// </summary>
internal static class Resampling
{
    /// <summary>Fixed-point one: 11 bits.</summary>
    private const int One = 2048;

    /// <summary>Bytes to a size.</summary>
    public static byte[] Resize(
        ReadOnlySpan<byte> source,
        int width,
        int height,
        int channels,
        int newWidth,
        int newHeight,
        Interpolation interpolation
    ) =>
        Resize(
            source,
            channels,
            ResamplingAxis.To(width, newWidth),
            ResamplingAxis.To(height, newHeight),
            interpolation
        );

    /// <summary>Floats to a size.</summary>
    public static float[] Resize(
        ReadOnlySpan<float> source,
        int width,
        int height,
        int channels,
        int newWidth,
        int newHeight,
        Interpolation interpolation
    ) =>
        Resize(
            source,
            channels,
            ResamplingAxis.To(width, newWidth),
            ResamplingAxis.To(height, newHeight),
            interpolation
        );

    /// <summary>Bytes along two axes.</summary>
    public static byte[] Resize(
        ReadOnlySpan<byte> source,
        int channels,
        ResamplingAxis columns,
        ResamplingAxis rows,
        Interpolation interpolation
    )
    {
        if (interpolation == Interpolation.Nearest)
        {
            return Nearest(source, channels, columns, rows);
        }

        var halves = columns.Scale == 2 && rows.Scale == 2;
        if (
            (interpolation == Interpolation.Area && columns.Scale >= 1 && rows.Scale >= 1)
            || (interpolation == Interpolation.Linear && halves)
        )
        {
            return columns.Scale == Math.Floor(columns.Scale) && rows.Scale == Math.Floor(rows.Scale)
                ? WholeCells(source, channels, columns, rows)
                : Separable<byte, float, AreaBlend>(
                    source,
                    columns.Length,
                    channels,
                    columns.CoveredArea(),
                    rows.CoveredArea()
                );
        }

        var (x, y) = (Fixed(columns.Kernel(interpolation)), Fixed(rows.Kernel(interpolation)));
        return interpolation is Interpolation.Cubic or Interpolation.Lanczos4
            ? Separable<byte, int, WideBlend>(source, columns.Length, channels, x, y)
            : Separable<byte, int, LinearBlend>(source, columns.Length, channels, x, y);
    }

    /// <summary>Floats along two axes.</summary>
    public static float[] Resize(
        ReadOnlySpan<float> source,
        int channels,
        ResamplingAxis columns,
        ResamplingAxis rows,
        Interpolation interpolation
    )
    {
        if (interpolation == Interpolation.Nearest)
        {
            return Nearest(source, channels, columns, rows);
        }

        var area = interpolation == Interpolation.Area && columns.Scale >= 1 && rows.Scale >= 1;
        return area
            ? Separable<float, float, FloatBlend>(
                source,
                columns.Length,
                channels,
                columns.CoveredArea(),
                rows.CoveredArea()
            )
            : Separable<float, float, FloatBlend>(
                source,
                columns.Length,
                channels,
                columns.Kernel(interpolation),
                rows.Kernel(interpolation)
            );
    }

    private static T[] Nearest<T>(ReadOnlySpan<T> source, int channels, ResamplingAxis columns, ResamplingAxis rows)
    {
        var result = GC.AllocateUninitializedArray<T>(checked(columns.NewLength * rows.NewLength * channels));
        var to = 0;
        for (var y = 0; y < rows.NewLength; y++)
        {
            var row = Math.Min((int)Math.Floor(y * rows.Scale), rows.Length - 1) * columns.Length;
            for (var x = 0; x < columns.NewLength; x++, to += channels)
            {
                var from = row + Math.Min((int)Math.Floor(x * columns.Scale), columns.Length - 1);
                source.Slice(from * channels, channels).CopyTo(result.AsSpan(to));
            }
        }

        return result;
    }

    /// <summary>
    /// Average of cells of whole pixels; cells of 2 x 2 round half up, others half to even, as OpenCV does.
    /// </summary>
    private static byte[] WholeCells(
        ReadOnlySpan<byte> source,
        int channels,
        ResamplingAxis columns,
        ResamplingAxis rows
    )
    {
        var (cellWidth, cellHeight) = ((int)columns.Scale, (int)rows.Scale);
        var share = 1f / (cellWidth * cellHeight);
        var rounding = cellWidth == 2 && cellHeight == 2 ? MidpointRounding.AwayFromZero : MidpointRounding.ToEven;
        var result = GC.AllocateUninitializedArray<byte>(checked(columns.NewLength * rows.NewLength * channels));
        var sums = new int[columns.NewLength * channels];
        for (var y = 0; y < rows.NewLength; y++)
        {
            Array.Clear(sums);
            for (var row = y * cellHeight; row < (y + 1) * cellHeight; row++)
            {
                var from = row * columns.Length * channels;
                for (var sum = 0; sum < sums.Length; sum += channels)
                {
                    for (var cell = 0; cell < cellWidth; cell++)
                    {
                        for (var channel = 0; channel < channels; channel++)
                        {
                            sums[sum + channel] += source[from++];
                        }
                    }
                }
            }

            for (var sum = 0; sum < sums.Length; sum++)
            {
                result[y * sums.Length + sum] = (byte)MathF.Round(sums[sum] * share, rounding);
            }
        }

        return result;
    }

    /// <summary>Rows first (each source row once, kept in a ring while it is needed), then columns.</summary>
    private static TValue[] Separable<TValue, TSum, TBlend>(
        ReadOnlySpan<TValue> source,
        int width,
        int channels,
        ResamplingTaps<TSum> columns,
        ResamplingTaps<TSum> rows
    )
        where TValue : struct, INumber<TValue>
        where TSum : struct, INumber<TSum>
        where TBlend : IBlend<TValue, TSum>
    {
        var length = columns.Length * channels;
        var result = GC.AllocateUninitializedArray<TValue>(checked(length * rows.Length));
        var ring = new TSum[rows.MaxTaps][];
        var ringRow = new int[ring.Length];
        Array.Fill(ringRow, -1);
        var sums = new TSum[length];
        for (var y = 0; y < rows.Length; y++)
        {
            Array.Clear(sums);
            for (var tap = rows.Starts[y]; tap < rows.Starts[y + 1]; tap++)
            {
                var row = rows.Sources[tap];
                // The rows of one new row are neighbours, so that they never meet in a slot.
                var slot = row % ring.Length;
                if (ringRow[slot] != row)
                {
                    ringRow[slot] = row;
                    ring[slot] ??= new TSum[length];
                    AlongRow(source.Slice(row * width * channels, width * channels), channels, columns, ring[slot]);
                }

                var weight = rows.Weights[tap];
                var values = ring[slot].AsSpan(0, sums.Length);
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] += TBlend.Weigh(values[i], weight);
                }
            }

            var to = result.AsSpan(y * length, length);
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = TBlend.Finish(sums[i]);
            }
        }

        return result;
    }

    private static void AlongRow<TValue, TSum>(
        ReadOnlySpan<TValue> row,
        int channels,
        ResamplingTaps<TSum> taps,
        TSum[] result
    )
        where TValue : struct, INumber<TValue>
        where TSum : struct, INumber<TSum>
    {
        for (var x = 0; x < taps.Length; x++)
        {
            var (start, end) = (taps.Starts[x], taps.Starts[x + 1]);
            if (channels == 3)
            {
                // Colour pictures are the case that counts: one pass for the three channels.
                TSum red = TSum.Zero,
                    green = TSum.Zero,
                    blue = TSum.Zero;
                for (var tap = start; tap < end; tap++)
                {
                    var pixel = row.Slice(taps.Sources[tap] * 3, 3);
                    var weight = taps.Weights[tap];
                    red += weight * TSum.CreateTruncating(pixel[0]);
                    green += weight * TSum.CreateTruncating(pixel[1]);
                    blue += weight * TSum.CreateTruncating(pixel[2]);
                }

                (result[3 * x], result[3 * x + 1], result[3 * x + 2]) = (red, green, blue);
                continue;
            }

            for (var channel = 0; channel < channels; channel++)
            {
                var sum = TSum.Zero;
                for (var tap = start; tap < end; tap++)
                {
                    sum += taps.Weights[tap] * TSum.CreateTruncating(row[taps.Sources[tap] * channels + channel]);
                }

                result[x * channels + channel] = sum;
            }
        }
    }

    private static ResamplingTaps<int> Fixed(ResamplingTaps<float> taps) =>
        new(
            taps.Starts,
            taps.Sources,
            [.. taps.Weights.Select(weight => (int)MathF.Round(weight * One, MidpointRounding.ToEven))]
        );

    /// <summary>How a row enters the sum of a new row, and how the sum becomes a value.</summary>
    private interface IBlend<TValue, TSum>
    {
        static abstract TSum Weigh(TSum value, TSum weight);

        static abstract TValue Finish(TSum sum);
    }

    private readonly struct FloatBlend : IBlend<float, float>
    {
        public static float Weigh(float value, float weight) => value * weight;

        public static float Finish(float sum) => sum;
    }

    private readonly struct AreaBlend : IBlend<byte, float>
    {
        public static float Weigh(float value, float weight) => value * weight;

        public static byte Finish(float sum) => (byte)Math.Clamp(MathF.Round(sum, MidpointRounding.ToEven), 0f, 255f);
    }

    /// <summary>Two weights of 11 bits make 22.</summary>
    private readonly struct WideBlend : IBlend<byte, int>
    {
        public static int Weigh(int value, int weight) => value * weight;

        public static byte Finish(int sum) => (byte)Math.Clamp((sum + (1 << 21)) >> 22, 0, 255);
    }

    /// <summary>OpenCV's linear mode drops low bits on the way, so that 16-bit products suffice.</summary>
    private readonly struct LinearBlend : IBlend<byte, int>
    {
        public static int Weigh(int value, int weight) => ((value >> 4) * weight) >> 16;

        public static byte Finish(int sum) => (byte)((sum + 2) >> 2);
    }
}
