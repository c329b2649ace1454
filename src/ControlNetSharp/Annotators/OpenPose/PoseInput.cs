using System.Runtime.InteropServices;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// A picture as OpenPose's networks see it: scaled (cubic), padded right and below with grey to multiples of 8, BGR,
/// byte / 256 - 0.5.
/// </summary>
/// <param name="Values">3 · paddedHeight · paddedWidth numbers.</param>
/// <param name="Width">Columns that the picture fills; the rest is padding.</param>
/// <param name="Height">Rows that the picture fills.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PoseInput(float[] Values, int Width, int Height)
{
    /// <summary>Pixels of the input for one of the maps.</summary>
    public const int Stride = 8;

    private const byte Padding = 128;

    public int PaddedWidth => Padded(Width);

    public int PaddedHeight => Padded(Height);

    /// <summary>
    /// Scales a picture. Source: annotator/openpose/body.py, Body.__call__, lllyasviel/ControlNet@ed85cd1.
    /// </summary>
    public static PoseInput Of(Picture picture, double scale)
    {
        var (columns, rows) = (Axis(picture.Width), Axis(picture.Height));
        var (width, height) = (columns.NewLength, rows.NewLength);
        var rgb = Resampling.Resize(picture.Rgb, 3, columns, rows, Interpolation.Cubic);
        var (paddedWidth, plane) = (Padded(width), Padded(width) * Padded(height));
        var values = new float[3 * plane];
        Array.Fill(values, Level(Padding));
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (from, to) = (3 * (y * width + x), y * paddedWidth + x);
                (values[to], values[to + plane], values[to + 2 * plane]) = (
                    Level(rgb[from + 2]),
                    Level(rgb[from + 1]),
                    Level(rgb[from])
                );
            }
        }

        return new(values, width, height);

        ResamplingAxis Axis(int length)
        {
            var axis = ResamplingAxis.By(length, scale);
            return axis with { NewLength = Math.Max(1, axis.NewLength) };
        }

        static float Level(byte value) => value / 256f - 0.5f;
    }

    /// <summary>[1, 3, paddedHeight, paddedWidth], owned by the caller.</summary>
    public Tensor ToTensor() => tensor(Values, [1, 3, PaddedHeight, PaddedWidth]);

    private static int Padded(int length) => (length + Stride - 1) / Stride * Stride;
}
