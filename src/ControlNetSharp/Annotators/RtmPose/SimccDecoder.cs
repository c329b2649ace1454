using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>
/// Reads points off what a network says of each column and of each row, two to a pixel of its input. Source: Li et al.
/// 2022, SimCC, arXiv:2107.03332; ControlNet-v1-1-nightly/annotator/dwpose/onnxpose.py, get_simcc_maximum and decode,
/// IDEA-Research/DWPose@3dca5db.
/// </summary>
internal static class SimccDecoder
{
    private const double Split = 2;

    /// <summary>The points with how sure they are, in pixels of the picture.</summary>
    /// <param name="outputs">
    /// What the network gives: columns [1, points, 2 · width], then rows [1, points, 2 · height].
    /// </param>
    /// <param name="crop">What it saw.</param>
    /// <param name="file">Its file, for messages.</param>
    /// <exception cref="CheckpointException">It gives something else.</exception>
    public static IReadOnlyList<(PosePoint Point, float Score)> Decode(
        IReadOnlyList<OnnxTensor> outputs,
        PoseCrop crop,
        string file
    )
    {
        if (
            outputs is not [{ Shape: [1, var points, var columns] } x, { Shape: [1, var others, var rows] } y, ..]
            || points != others
            || columns != Split * crop.Width
            || rows != Split * crop.Height
        )
        {
            var found = outputs.Select(output => $"[{string.Join(", ", output.Shape)}]");
            throw new CheckpointException(
                file,
                $"gives {string.Join(" and ", found)} for {crop.Width} x {crop.Height} pixels; a network of poses with "
                    + $"SimCC gives [1, points, {Split * crop.Width}] and [1, points, {Split * crop.Height}]."
            );
        }

        return [.. Enumerable.Range(0, points).Select(Point)];

        (PosePoint, float) Point(int point)
        {
            var (column, columnScore) = Highest(x.Values.AsSpan(point * columns, columns));
            var (row, rowScore) = Highest(y.Values.AsSpan(point * rows, rows));
            var score = Math.Min(columnScore, rowScore);
            var (left, top) = score > 0 ? (column, row) : (-1, -1);
            return (crop.ToPicture(left / Split, top / Split), score);
        }
    }

    private static (int At, float Value) Highest(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return (best, values[best]);
    }
}
