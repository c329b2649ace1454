using System.Runtime.InteropServices;
using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>A rectangle around something that was seen, in pixels of the picture.</summary>
/// <param name="Left">Left edge.</param>
/// <param name="Top">Upper edge.</param>
/// <param name="Right">Right edge.</param>
/// <param name="Bottom">Lower edge.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SeenBox(float Left, float Top, float Right, float Bottom);

/// <summary>
/// Finds persons and animals by YOLOX as an ONNX file whose boxes are still to be decoded, such as yolox_l.onnx.
/// Source: Ge et al. 2021, arXiv:2107.08430; ControlNet-v1-1-nightly/annotator/dwpose/onnxdet.py,
/// IDEA-Research/DWPose@3dca5db.
/// </summary>
internal sealed class YoloxDetector(IOnnxModel model)
{
    private const int UsualSide = 640;
    private const byte Padding = 114;

    /// <summary>Numbers of a box before those of the classes: middle, size, and how sure it holds something.</summary>
    private const int BoxNumbers = 5,
        Sureness = 4;

    /// <summary>Boxes of one class that overlap by more than this are one.</summary>
    private const float MostOverlap = 0.45f;

    private static readonly int[] Strides = [8, 16, 32];

    /// <summary>Finds boxes.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="classes">Classes of COCO's 80 that count; 0 is a person.</param>
    /// <param name="leastScore">Boxes up to this score are left out.</param>
    /// <returns>Class by class, those that are surest first.</returns>
    /// <exception cref="CheckpointException">The file gives no boxes of YOLOX.</exception>
    public IReadOnlyList<SeenBox> Find(Picture picture, IReadOnlyList<int> classes, float leastScore)
    {
        var (width, height) = InputSize();
        var ratio = Math.Min((double)height / picture.Height, (double)width / picture.Width);
        var output = model.Run(Input(picture, width, height, ratio))[0];
        var cells = Strides.Sum(stride => (height / stride) * (width / stride));
        if (output.Shape is not [1, var rows, var columns] || rows != cells || columns <= BoxNumbers + classes.Max())
        {
            throw new CheckpointException(
                model.File,
                $"gives [{string.Join(", ", output.Shape)}] for {width} x {height} pixels; boxes of YOLOX, still to be "
                    + $"decoded, are [1, {cells}, {BoxNumbers} + classes] with at least {classes.Max() + 1} classes."
            );
        }

        var boxes = Boxes(output.Values, columns, width, height, (float)ratio);
        return
        [
            .. classes.SelectMany(kind =>
                Distinct(boxes, i => Value(i, Sureness) * Value(i, BoxNumbers + kind), leastScore)
            ),
        ];

        float Value(int row, int column) => output.Values[row * columns + column];
    }

    /// <summary>The picture in the upper left corner of a grey square, RGB bytes as they are: [1, 3, H, W].</summary>
    internal static OnnxTensor Input(Picture picture, int width, int height, double ratio)
    {
        var seen = PictureResizing.Resize(
            picture,
            Math.Max(1, (int)(picture.Width * ratio)),
            Math.Max(1, (int)(picture.Height * ratio)),
            Interpolation.Linear
        );
        var plane = width * height;
        var values = new float[3 * plane];
        Array.Fill(values, Padding);
        for (var y = 0; y < seen.Height; y++)
        {
            for (var x = 0; x < seen.Width; x++)
            {
                for (var channel = 0; channel < 3; channel++)
                {
                    values[channel * plane + y * width + x] = seen.Rgb[3 * (y * seen.Width + x) + channel];
                }
            }
        }

        return new OnnxTensor(values, [1, 3, height, width]);
    }

    /// <summary>
    /// The boxes of a class, the surest first, without those that overlap with a surer one. Boxes up to a score can be
    /// left out before: they would suppress none that is surer.
    /// </summary>
    internal static IEnumerable<SeenBox> Distinct(SeenBox[] boxes, Func<int, float> scoreOf, float leastScore)
    {
        var order = Enumerable
            .Range(0, boxes.Length)
            .Select(i => (Box: boxes[i], Score: scoreOf(i)))
            .Where(seen => seen.Score > leastScore)
            .OrderByDescending(seen => seen.Score)
            .ToList();
        var kept = new List<SeenBox>();
        foreach (var (box, _) in order)
        {
            if (!kept.Exists(other => Overlap(other, box) > MostOverlap))
            {
                kept.Add(box);
            }
        }

        return kept;
    }

    /// <summary>Common area as a share of both; edges count as pixels, so that sides are one longer.</summary>
    private static float Overlap(SeenBox a, SeenBox b)
    {
        var width = Math.Max(0, Math.Min(a.Right, b.Right) - Math.Max(a.Left, b.Left) + 1);
        var height = Math.Max(0, Math.Min(a.Bottom, b.Bottom) - Math.Max(a.Top, b.Top) + 1);
        var common = width * height;
        return common / (Area(a) + Area(b) - common);

        static float Area(SeenBox box) => (box.Right - box.Left + 1) * (box.Bottom - box.Top + 1);
    }

    /// <summary>Middles are counted from the cell, sizes are logarithms, both in strides.</summary>
    private static SeenBox[] Boxes(float[] values, int columns, int width, int height, float ratio)
    {
        var boxes = new SeenBox[values.Length / columns];
        var cell = 0;
        foreach (var stride in Strides)
        {
            for (var y = 0; y < height / stride; y++)
            {
                for (var x = 0; x < width / stride; x++, cell++)
                {
                    var row = values.AsSpan(cell * columns, 4);
                    var (middleX, middleY) = ((row[0] + x) * stride, (row[1] + y) * stride);
                    var (sizeX, sizeY) = (MathF.Exp(row[2]) * stride, MathF.Exp(row[3]) * stride);
                    boxes[cell] = new(
                        (middleX - sizeX / 2) / ratio,
                        (middleY - sizeY / 2) / ratio,
                        (middleX + sizeX / 2) / ratio,
                        (middleY + sizeY / 2) / ratio
                    );
                }
            }
        }

        return boxes;
    }

    private (int Width, int Height) InputSize() =>
        model.Input.Shape is [_, _, var high, var wide]
        && (wide ?? UsualSide, high ?? UsualSide) is var size
        && Math.Min(size.Item1, size.Item2) >= Strides[^1]
            ? size
            : throw new CheckpointException(
                model.File,
                $"takes [{OnnxPort.Sides(model.Input.Shape)}]; YOLOX takes pictures: [1, 3, height, width]."
            );
}
