using System.Runtime.InteropServices;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>
/// The part of a picture that a network of poses sees: a box, a quarter larger, and then larger to one side until it
/// has the shape of the network's input. Source: ControlNet-v1-1-nightly/annotator/dwpose/onnxpose.py, preprocess,
/// IDEA-Research/DWPose@3dca5db; what cv2.warpAffine makes of it: modules/imgproc/src/imgwarp.cpp, OpenCV 4.6.
/// </summary>
/// <param name="MiddleX">Its middle, in pixels of the picture.</param>
/// <param name="MiddleY">Its middle.</param>
/// <param name="SizeX">Its width in pixels of the picture.</param>
/// <param name="SizeY">Its height.</param>
/// <param name="Width">Columns of the network's input.</param>
/// <param name="Height">Rows of the network's input.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PoseCrop(
    double MiddleX,
    double MiddleY,
    double SizeX,
    double SizeY,
    int Width,
    int Height
)
{
    private const double Margin = 1.25;

    /// <summary>Places between pixels are told apart in 32nds, and counted in 1024ths on the way.</summary>
    private const int PlaceBits = 5,
        CountBits = 10,
        Places = 1 << PlaceBits,
        Counts = 1 << CountBits;

    private static readonly double[] Mean = [123.675, 116.28, 103.53];
    private static readonly double[] Deviation = [58.395, 57.12, 57.375];

    /// <summary>The part around a box, for a network's input of a size.</summary>
    public static PoseCrop Around(SeenBox box, int width, int height)
    {
        var (sizeX, sizeY) = ((box.Right - box.Left) * Margin, (box.Bottom - box.Top) * Margin);
        var shape = (double)width / height;
        (sizeX, sizeY) = sizeX > sizeY * shape ? (sizeX, sizeX / shape) : (sizeY * shape, sizeY);
        return new(
            (box.Left + (double)box.Right) * 0.5,
            (box.Top + (double)box.Bottom) * 0.5,
            sizeX,
            sizeY,
            width,
            height
        );
    }

    /// <summary>A place of the input, in pixels of the picture.</summary>
    public PosePoint ToPicture(double x, double y) =>
        new(x / Width * SizeX + MiddleX - SizeX / 2, y / Height * SizeY + MiddleY - SizeY / 2);

    /// <summary>
    /// The part, by mean and deviation of ImageNet, RGB; black where it lies outside of the picture: [1, 3, H, W].
    /// </summary>
    public OnnxTensor Input(Picture picture)
    {
        var seen = Cut(picture);
        var plane = Width * Height;
        var values = new float[3 * plane];
        for (var i = 0; i < seen.Length; i++)
        {
            var channel = i % 3;
            values[channel * plane + i / 3] = (float)((seen[i] - Mean[channel]) / Deviation[channel]);
        }

        return new OnnxTensor(values, [1, 3, Height, Width]);
    }

    /// <summary>The part as bytes, between the nearest pixels (cv2.warpAffine, linear).</summary>
    internal byte[] Cut(Picture picture)
    {
        var result = new byte[3 * Width * Height];
        var unit = SizeX / Width;
        var columns = Enumerable.Range(0, Width).Select(x => (int)Math.Round(unit * x * Counts)).ToArray();
        var left = Start(MiddleX - unit * Width / 2);
        for (var y = 0; y < Height; y++)
        {
            var row = Start(unit * y + MiddleY - unit * Height / 2) >> (CountBits - PlaceBits);
            for (var x = 0; x < Width; x++)
            {
                var column = (left + columns[x]) >> (CountBits - PlaceBits);
                Blend(picture, column, row, result.AsSpan(3 * (y * Width + x), 3));
            }
        }

        return result;

        static int Start(double place) => (int)Math.Round(place * Counts) + Counts / Places / 2;
    }

    private static void Blend(Picture picture, int placeX, int placeY, Span<byte> result)
    {
        const int round = Places * Places / 2;
        var (x, y) = (placeX >> PlaceBits, placeY >> PlaceBits);
        var (right, lower) = (placeX & (Places - 1), placeY & (Places - 1));
        for (var channel = 0; channel < 3; channel++)
        {
            var sum =
                At(x, y, channel) * (Places - right) * (Places - lower)
                + At(x + 1, y, channel) * right * (Places - lower)
                + At(x, y + 1, channel) * (Places - right) * lower
                + At(x + 1, y + 1, channel) * right * lower;
            result[channel] = (byte)((sum + round) >> (2 * PlaceBits));
        }

        int At(int column, int line, int channel) =>
            column >= 0 && column < picture.Width && line >= 0 && line < picture.Height
                ? picture.Rgb[3 * (line * picture.Width + column) + channel]
                : 0;
    }
}
