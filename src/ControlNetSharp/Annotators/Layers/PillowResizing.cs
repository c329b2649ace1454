using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>
/// Pictures for networks that were trained with Pillow's resizing: kernels widened to the covered area (no aliasing),
/// weights of 22 bits, rows first, bytes between the passes. Source: Pillow, src/libImaging/Resample.c.
/// </summary>
internal static class PillowResizing
{
    private const int Precision = 22;

    /// <summary>1 - |x|.</summary>
    public static double Bilinear(double x) => Math.Max(0, 1 - Math.Abs(x));

    /// <summary>Cubic convolution with a = -0.5 (Keys 1981).</summary>
    public static double Bicubic(double x)
    {
        const double A = -0.5;
        var d = Math.Abs(x);
        return d < 1 ? ((A + 2) * d - (A + 3)) * d * d + 1
            : d < 2 ? (((d - 5) * d + 8) * d - 4) * A
            : 0;
    }

    /// <summary>Resizes.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="width">New pixels a row.</param>
    /// <param name="height">New rows.</param>
    /// <param name="kernel">Weight at a distance in pixels.</param>
    /// <param name="reach">Distance from which the kernel is 0.</param>
    public static Picture Resize(Picture picture, int width, int height, Func<double, double> kernel, double reach)
    {
        ReadOnlySpan<byte> rows =
            width == picture.Width
                ? picture.Rgb
                : Along(picture.Rgb, picture.Height, picture.Width, width, 3 * picture.Width, 3 * width, 3);
        var rgb =
            height == picture.Height ? rows.ToArray() : Along(rows, width, picture.Height, height, 3, 3, 3 * width);
        return Picture.Owning(width, height, rgb);

        // Each line of the picture along one axis: lines lie `step` bytes apart, pixels of a line `stride` bytes.
        byte[] Along(ReadOnlySpan<byte> source, int lines, int length, int newLength, int step, int newStep, int stride)
        {
            var result = new byte[(long)source.Length / length * newLength];
            var taps = Taps(length, newLength, kernel, reach);
            for (var line = 0; line < lines; line++)
            {
                for (var i = 0; i < newLength; i++)
                {
                    var (first, weights) = taps[i];
                    for (var channel = 0; channel < 3; channel++)
                    {
                        var sum = 1 << (Precision - 1);
                        for (var tap = 0; tap < weights.Length; tap++)
                        {
                            sum += source[line * step + (first + tap) * stride + channel] * weights[tap];
                        }

                        result[line * newStep + i * stride + channel] = (byte)Math.Clamp(sum >> Precision, 0, 255);
                    }
                }
            }

            return result;
        }
    }

    /// <summary>
    /// byte / 255, less the mean, by the deviation of each channel over ImageNet: [1, 3, H, W], RGB, owned by the
    /// caller.
    /// </summary>
    public static Tensor Normalised(Picture picture)
    {
        using var scope = NewDisposeScope();
        var (mean, deviation) = (
            tensor(new[] { 0.485f, 0.456f, 0.406f }).reshape(1, 3, 1, 1),
            tensor(new[] { 0.229f, 0.224f, 0.225f }).reshape(1, 3, 1, 1)
        );
        return ((PictureTensors.ToHint(picture) - mean) / deviation).MoveToOuterDisposeScope();
    }

    private static (int First, int[] Weights)[] Taps(
        int length,
        int newLength,
        Func<double, double> kernel,
        double reach
    )
    {
        var scale = (double)length / newLength;
        var widening = Math.Max(scale, 1);
        return
        [
            .. Enumerable
                .Range(0, newLength)
                .Select(i =>
                {
                    var centre = (i + 0.5) * scale;
                    var first = Math.Max(0, (int)(centre - reach * widening + 0.5));
                    var end = Math.Min(length, (int)(centre + reach * widening + 0.5));
                    var weights = Enumerable
                        .Range(first, end - first)
                        .Select(x => kernel((x - centre + 0.5) / widening))
                        .ToArray();
                    var sum = weights.Sum();
                    return (
                        first,
                        weights
                            .Select(weight =>
                                (int)Math.Round(weight / sum * (1 << Precision), MidpointRounding.AwayFromZero)
                            )
                            .ToArray()
                    );
                }),
        ];
    }
}
