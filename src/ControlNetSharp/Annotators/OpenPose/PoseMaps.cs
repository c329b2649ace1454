using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// What a network saw, brought to the size of the picture: enlarged eight times (cubic), without the padding, then
/// resized (cubic). Single maps and single values are made when asked for, since all 57 maps of
/// a photograph would fill gigabytes. Source: annotator/openpose/body.py, Body.__call__, lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class PoseMaps : ILimbField
{
    private readonly float[][] _maps;
    private readonly ResamplingAxis _columns;
    private readonly ResamplingAxis _rows;
    private readonly ResamplingTaps<float> _columnTaps;
    private readonly ResamplingTaps<float> _rowTaps;

    /// <summary>Enlarges maps.</summary>
    /// <param name="maps">[C, h, w] or [1, C, h, w] as the network gives them. Borrowed.</param>
    /// <param name="contentWidth">Columns of the network's input that the picture filled.</param>
    /// <param name="contentHeight">Rows of the network's input that the picture filled.</param>
    /// <param name="width">Pixels a row of the picture.</param>
    /// <param name="height">Rows of the picture.</param>
    public PoseMaps(Tensor maps, int contentWidth, int contentHeight, int width, int height)
    {
        var (rows, columns) = (
            ResamplingAxis.By((int)maps.shape[^2], PoseInput.Stride),
            ResamplingAxis.By((int)maps.shape[^1], PoseInput.Stride)
        );
        using var flat = maps.contiguous();
        var values = flat.data<float>().ToArray();
        var plane = rows.Length * columns.Length;
        _maps =
        [
            .. Enumerable
                .Range(0, values.Length / plane)
                .Select(map =>
                    Cut(
                        Resampling.Resize(values.AsSpan(map * plane, plane), 1, columns, rows, Interpolation.Cubic),
                        columns.NewLength,
                        contentWidth,
                        contentHeight
                    )
                ),
        ];
        (_columns, _rows) = (ResamplingAxis.To(contentWidth, width), ResamplingAxis.To(contentHeight, height));
        (_columnTaps, _rowTaps) = (_columns.Kernel(Interpolation.Cubic), _rows.Kernel(Interpolation.Cubic));
    }

    /// <summary>Pixels a row of the picture.</summary>
    public int Width => _columns.NewLength;

    /// <summary>Rows of the picture.</summary>
    public int Height => _rows.NewLength;

    /// <summary>One map at the size of the picture.</summary>
    public float[] Map(int map) => Resampling.Resize(_maps[map], 1, _columns, _rows, Interpolation.Cubic);

    /// <summary>One value of <see cref="Map"/>.</summary>
    public double At(int map, int x, int y)
    {
        var sum = 0f;
        for (var row = _rowTaps.Starts[y]; row < _rowTaps.Starts[y + 1]; row++)
        {
            var along = 0f;
            for (var column = _columnTaps.Starts[x]; column < _columnTaps.Starts[x + 1]; column++)
            {
                along +=
                    _columnTaps.Weights[column]
                    * _maps[map][_rowTaps.Sources[row] * _columns.Length + _columnTaps.Sources[column]];
            }

            sum += along * _rowTaps.Weights[row];
        }

        return sum;
    }

    private static float[] Cut(float[] map, int mapWidth, int width, int height)
    {
        var cut = new float[width * height];
        for (var y = 0; y < height; y++)
        {
            map.AsSpan(y * mapWidth, width).CopyTo(cut.AsSpan(y * width));
        }

        return cut;
    }
}
