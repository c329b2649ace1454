using System.Numerics;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Canny's edge detector with the exact results of OpenCV 4.6 (cv2.Canny): Sobel gradients with replicated border,
/// thinning to local maxima along one of
/// four directions, and hysteresis over eight neighbours. Of a colour pixel the channel with the strongest gradient
/// counts, the first one on a tie.
/// Source: Canny 1986, "A computational approach to edge detection"; numbers: goldens canny_*.
/// </summary>
internal static class Canny
{
    /// <summary>tan 22.5° in 15 fractional bits: the border between the horizontal and the diagonal sector.</summary>
    private const int Tan22 = 13573;

    private const byte None = 0,
        Weak = 1,
        Strong = 2;

    /// <summary>Finds edges.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="low">
    /// Gradients above this continue an edge: 0 and more, in units of the summed Sobel kernel (aperture 3: at most
    /// 2040).
    /// </param>
    /// <param name="high">
    /// Gradients above this begin an edge. Swapped with <paramref name="low"/> where smaller, as OpenCV does.
    /// </param>
    /// <param name="aperture">Side of the Sobel kernel: 3 or 5.</param>
    /// <param name="l2Gradient">Whether the length of the gradient is sqrt(dx² + dy²) instead of |dx| + |dy|.</param>
    /// <returns>White lines on black, of the same size.</returns>
    /// <exception cref="ArgumentException">A threshold below 0 or not a number, or another aperture.</exception>
    public static Picture Detect(Picture picture, double low, double high, int aperture = 3, bool l2Gradient = false)
    {
        CheckThreshold(low, nameof(low));
        CheckThreshold(high, nameof(high));
        var kernel = aperture switch
        {
            3 => SobelKernel.Three,
            5 => SobelKernel.Five,
            _ => throw new ArgumentOutOfRangeException(nameof(aperture), aperture, "aperture must be 3 or 5."),
        };
        var (weak, strong) = (Threshold(Math.Min(low, high), l2Gradient), Threshold(Math.Max(low, high), l2Gradient));
        var gradients = Gradients.Of(picture, kernel, l2Gradient);
        return Paint(Link(Thin(gradients, weak, strong), picture.Width), picture.Width, picture.Height);
    }

    private static void CheckThreshold(double value, string name)
    {
        if (!(value >= 0))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be 0 or more.");
        }
    }

    /// <summary>
    /// As an integer to compare magnitudes with; squared lengths are compared with squared thresholds.
    /// </summary>
    private static int Threshold(double value, bool l2Gradient)
    {
        var limited = Math.Min(value, short.MaxValue);
        return (int)Math.Floor(l2Gradient ? limited * limited : limited);
    }

    /// <summary>
    /// Marks each pixel none, weak or strong in a map with a border of one pixel; only local maxima across the edge are
    /// marked.
    /// </summary>
    private static byte[] Thin(Gradients gradients, int weak, int strong)
    {
        var (width, height, stride) = (gradients.Width, gradients.Height, gradients.Width + 2);
        var map = new byte[stride * (height + 2)];
        var magnitudes = gradients.Magnitudes;
        for (var y = 0; y < height; y++)
        {
            var row = (y + 1) * stride + 1;
            for (var x = 0; x < width; x++)
            {
                var at = row + x;
                var magnitude = magnitudes[at];
                if (
                    magnitude > weak
                    && IsMaximum(magnitudes, at, stride, gradients.Dx[y * width + x], gradients.Dy[y * width + x])
                )
                {
                    map[at] = magnitude > strong ? Strong : Weak;
                }
            }
        }

        return map;
    }

    private static bool IsMaximum(int[] magnitudes, int at, int stride, int dx, int dy)
    {
        var magnitude = magnitudes[at];
        var tan22 = Math.Abs(dx) * Tan22;
        var rise = Math.Abs(dy) << 15;
        if (rise < tan22)
        {
            return magnitude > magnitudes[at - 1] && magnitude >= magnitudes[at + 1];
        }

        // tan 67.5° = tan 22.5° + 2.
        if (rise > tan22 + (Math.Abs(dx) << 16))
        {
            return magnitude > magnitudes[at - stride] && magnitude >= magnitudes[at + stride];
        }

        var side = (dx ^ dy) < 0 ? -1 : 1;
        return magnitude > magnitudes[at - stride - side] && magnitude > magnitudes[at + stride + side];
    }

    /// <summary>Makes every weak pixel strong that is linked to a strong one; in place.</summary>
    private static byte[] Link(byte[] map, int width)
    {
        var stride = width + 2;
        ReadOnlySpan<int> neighbours = [-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1];
        var stack = new int[1024];
        var depth = 0;
        for (var seed = 0; seed < map.Length; seed++)
        {
            if (map[seed] != Strong)
            {
                continue;
            }

            stack[depth++] = seed;
            while (depth > 0)
            {
                var at = stack[--depth];
                foreach (var step in neighbours)
                {
                    if (map[at + step] != Weak)
                    {
                        continue;
                    }

                    map[at + step] = Strong;
                    if (depth == stack.Length)
                    {
                        Array.Resize(ref stack, 2 * depth);
                    }

                    stack[depth++] = at + step;
                }
            }
        }

        return map;
    }

    private static Picture Paint(byte[] map, int width, int height)
    {
        var rgb = new byte[3 * width * height];
        for (int y = 0, to = 0; y < height; y++)
        {
            foreach (var mark in map.AsSpan((y + 1) * (width + 2) + 1, width))
            {
                if (mark == Strong)
                {
                    rgb.AsSpan(to, 3).Fill(255);
                }

                to += 3;
            }
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>The strongest channel's gradient at each pixel.</summary>
    /// <param name="Width">Pixels a row.</param>
    /// <param name="Height">Rows.</param>
    /// <param name="Dx">width · height horizontal derivatives.</param>
    /// <param name="Dy">width · height vertical derivatives.</param>
    /// <param name="Magnitudes">(width + 2) · (height + 2) lengths with a border of zeros.</param>
    private sealed record Gradients(int Width, int Height, short[] Dx, short[] Dy, int[] Magnitudes)
    {
        private const int Channels = 3;

        /// <summary>
        /// Interleaved rows of 16-bit numbers: a neighbour in the picture is three numbers away, so that plain vectors
        /// do all channels at once.
        /// </summary>
        public static Gradients Of(Picture picture, SobelKernel kernel, bool l2Gradient)
        {
            var (width, height) = (picture.Width, picture.Height);
            var length = width * Channels;
            var (pad, taps) = (kernel.Reach * Channels, kernel.Smooth.Length);
            var gradients = new Gradients(
                width,
                height,
                new short[width * height],
                new short[width * height],
                new int[(width + 2) * (height + 2)]
            );
            var ring = new short[taps][];
            for (var slot = 0; slot < taps; slot++)
            {
                ring[slot] = new short[length + 2 * pad];
            }

            short[] smooth = new short[length + 2 * pad],
                derivative = new short[length + 2 * pad],
                dx = new short[length],
                dy = new short[length];
            var loaded = -1;
            for (var y = 0; y < height; y++)
            {
                for (; loaded < Math.Min(y + kernel.Reach, height - 1); loaded++)
                {
                    Load(picture, loaded + 1, pad, ring[(loaded + 1) % taps]);
                }

                smooth.AsSpan().Clear();
                derivative.AsSpan().Clear();
                for (var tap = 0; tap < taps; tap++)
                {
                    var row = ring[Math.Clamp(y + tap - kernel.Reach, 0, height - 1) % taps];
                    AddScaled(row, kernel.Smooth[tap], smooth);
                    AddScaled(row, kernel.Derivative[tap], derivative);
                }

                dx.AsSpan().Clear();
                dy.AsSpan().Clear();
                for (var tap = 0; tap < taps; tap++)
                {
                    AddScaled(smooth.AsSpan(tap * Channels, length), kernel.Derivative[tap], dx);
                    AddScaled(derivative.AsSpan(tap * Channels, length), kernel.Smooth[tap], dy);
                }

                gradients.KeepStrongest(y, dx, dy, l2Gradient);
            }

            return gradients;
        }

        /// <summary>One row as 16-bit numbers, its first and last pixel repeated outwards.</summary>
        private static void Load(Picture picture, int y, int pad, short[] row)
        {
            var length = picture.Width * Channels;
            var source = picture.Rgb.Slice(y * length, length);
            for (var i = 0; i < length; i++)
            {
                row[pad + i] = source[i];
            }

            for (var i = 0; i < pad; i++)
            {
                row[i] = source[i % Channels];
                row[pad + length + i] = source[length - Channels + i % Channels];
            }
        }

        private static void AddScaled(ReadOnlySpan<short> values, short weight, Span<short> sums)
        {
            if (weight == 0)
            {
                return;
            }

            var i = 0;
            var weights = new Vector<short>(weight);
            for (; i <= sums.Length - Vector<short>.Count; i += Vector<short>.Count)
            {
                (new Vector<short>(sums[i..]) + new Vector<short>(values[i..]) * weights).CopyTo(sums[i..]);
            }

            for (; i < sums.Length; i++)
            {
                sums[i] += (short)(values[i] * weight);
            }
        }

        private void KeepStrongest(int y, ReadOnlySpan<short> dx, ReadOnlySpan<short> dy, bool l2Gradient)
        {
            var magnitudes = Magnitudes.AsSpan((y + 1) * (Width + 2) + 1, Width);
            var keptDx = Dx.AsSpan(y * Width, Width);
            var keptDy = Dy.AsSpan(y * Width, Width);
            for (int x = 0, from = 0; x < magnitudes.Length; x++, from += Channels)
            {
                var strongest = -1;
                for (var channel = from; channel < from + Channels; channel++)
                {
                    var (horizontal, vertical) = ((int)dx[channel], (int)dy[channel]);
                    var magnitude = l2Gradient
                        ? horizontal * horizontal + vertical * vertical
                        : Math.Abs(horizontal) + Math.Abs(vertical);
                    if (magnitude > strongest)
                    {
                        strongest = magnitude;
                        (keptDx[x], keptDy[x]) = (dx[channel], dy[channel]);
                    }
                }

                magnitudes[x] = strongest;
            }
        }
    }
}
