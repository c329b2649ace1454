using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// Reads people off the maps of one picture: peaks among the centres, and for each of them the cell of each point that
/// is likely and near the place that the centre expects. Numbers are those of the published graph.
/// </summary>
internal sealed class MoveNetDecoder
{
    /// <summary>A cell is a peak where none this near surpasses it by more than a rounding error.</summary>
    private const int PeakReach = 2;
    private const float PeakSlack = 1.01328e-6f;

    /// <summary>
    /// How far points may be from where they are expected: squared, as a share of the map's shorter side.
    /// </summary>
    private const float Spread = 0.300049f;

    /// <summary>Points up to this score do not count for the person's.</summary>
    private const float LeastPoint = 0.12695f;

    private readonly int _height;
    private readonly int _width;
    private readonly float[] _centers;
    private readonly float[] _boxSizes;
    private readonly float[] _boxOffsets;
    private readonly float[] _heat;
    private readonly float[] _regression;
    private readonly float[] _offsets;

    /// <summary>Takes the maps of one picture of a batch. Borrowed.</summary>
    public MoveNetDecoder(MoveNetMaps maps, int index)
    {
        (_height, _width) = ((int)maps.Heat.shape[2], (int)maps.Heat.shape[3]);
        using var scope = NewDisposeScope();
        (_centers, _heat) = (Values(maps.Centers[index].sigmoid()), Values(maps.Heat[index].sigmoid()));
        (_boxSizes, _boxOffsets) = (Values(maps.BoxSizes[index]), Values(maps.BoxOffsets[index]));
        (_regression, _offsets) = (Values(maps.Regression[index]), Values(maps.Offsets[index]));

        // [h, w, C], as the network has it.
        static float[] Values(Tensor map) => map.permute(1, 2, 0).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>The people, the surest centre first.</summary>
    /// <param name="leastScore">Those up to this score are left out; below 0 for all.</param>
    /// <param name="most">No more centres are looked at.</param>
    /// <param name="largest">
    /// People whose box has a longer side above this are left out; in pixels of the input.
    /// </param>
    /// <returns>In pixels of the network's input; they can lie outside of it.</returns>
    public IReadOnlyList<MoveNetPerson> People(double leastScore, int most, double largest = double.PositiveInfinity) =>
        [
            // The score of a person is at most that of its centre.
            .. Enumerable
                .Range(0, _centers.Length)
                .Where(cell => _centers[cell] > leastScore && IsPeak(cell))
                .OrderByDescending(cell => _centers[cell])
                .Take(most)
                .Where(cell => MoveNetParams.Stride * BoxAt(cell).LongerSide <= largest)
                .Select(PersonAt)
                .Where(person => person.Score > leastScore),
        ];

    private bool IsPeak(int cell)
    {
        var (row, column) = (cell / _width, cell % _width);
        for (var y = Math.Max(row - PeakReach, 0); y <= Math.Min(row + PeakReach, _height - 1); y++)
        {
            for (var x = Math.Max(column - PeakReach, 0); x <= Math.Min(column + PeakReach, _width - 1); x++)
            {
                if (_centers[y * _width + x] - _centers[cell] >= PeakSlack)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private MoveNetPerson PersonAt(int cell)
    {
        var box = BoxAt(cell);
        var points = Enumerable.Range(0, MoveNetParams.Points).Select(point => PointOf(point, cell, box)).ToArray();
        var sure = points.Where(point => point.Score > LeastPoint).ToList();
        var score = sure.Count == 0 ? 0 : _centers[cell] * sure.Average(point => point.Score);
        const int Stride = MoveNetParams.Stride;
        return new(points, new(Stride * box.Left, Stride * box.Top, Stride * box.Right, Stride * box.Bottom), score);
    }

    /// <summary>In cells, inside the map.</summary>
    private MoveNetBox BoxAt(int cell)
    {
        var (y, x) = (cell / _width + _boxOffsets[2 * cell], cell % _width + _boxOffsets[2 * cell + 1]);
        var (height, width) = (Math.Max(_boxSizes[2 * cell], 0), Math.Max(_boxSizes[2 * cell + 1], 0));
        return new(
            Math.Clamp(x - width / 2, 0, _width),
            Math.Clamp(y - height / 2, 0, _height),
            Math.Clamp(x + width / 2, 0, _width),
            Math.Clamp(y + height / 2, 0, _height)
        );
    }

    /// <summary>
    /// The cell in the person's box where the heat, less the farther it is from the expected place, is largest; the
    /// first cell of all where there is none.
    /// </summary>
    private MoveNetPoint PointOf(int point, int cell, MoveNetBox box)
    {
        var expected = PairOf(_regression, cell, point);
        var near = Nearness(cell % _width + expected.X, _width);
        var (best, score) = (0, 0f);
        // Cells count whose place is in the box: from its edge on, and before the other one.
        for (var y = (int)Math.Ceiling(box.Top); y < box.Bottom; y++)
        {
            var row = MathF.Exp(-Square(y - (cell / _width + expected.Y)) / Variance);
            for (var x = (int)Math.Ceiling(box.Left); x < box.Right; x++)
            {
                var value = _heat[(y * _width + x) * MoveNetParams.Points + point] * row * near[x];
                if (value > score)
                {
                    (best, score) = (y * _width + x, value);
                }
            }
        }

        var offset = PairOf(_offsets, best, point);
        return new(
            MoveNetParams.Stride * (best % _width + offset.X),
            MoveNetParams.Stride * (best / _width + offset.Y),
            score
        );
    }

    private static (float Y, float X) PairOf(float[] map, int cell, int point)
    {
        var first = 2 * (cell * MoveNetParams.Points + point);
        return (map[first], map[first + 1]);
    }

    private float Variance => Spread * Math.Min(_height, _width);

    /// <summary>exp(-(distance²) / variance) for each column.</summary>
    private float[] Nearness(float expected, int length)
    {
        var near = new float[length];
        for (var i = 0; i < length; i++)
        {
            near[i] = MathF.Exp(-Square(i - expected) / Variance);
        }

        return near;
    }

    private static float Square(float x) => x * x;
}
