using ControlNetSharp.Annotators.OpenPose;
using ControlNetSharp.Annotators.Poses;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// Reads persons off the maps of an <see cref="EmbeddedNetwork"/>: peaks of the parts, joined along the limbs as
/// OpenPose joins them.
/// </summary>
internal sealed class EmbeddedPose : ILimbField
{
    /// <summary>Values up to this are no part.</summary>
    private const float Threshold = 0.25f;
    private readonly float[] _parts;
    private readonly float[] _limbs;
    private readonly (int Width, int Height) _map;
    private readonly int _width;

    /// <summary>Takes the maps of one picture.</summary>
    /// <param name="parts">[1, 18, h, w].</param>
    /// <param name="limbs">[1, 38, h, w].</param>
    /// <param name="width">Pixels a row of the picture.</param>
    /// <param name="height">Rows of the picture.</param>
    public EmbeddedPose(Tensor parts, Tensor limbs, int width, int height)
    {
        (_parts, _limbs) = (parts.contiguous().data<float>().ToArray(), limbs.contiguous().data<float>().ToArray());
        _map = ((int)parts.shape[3], (int)parts.shape[2]);
        (_width, Height) = (width, height);
    }

    /// <inheritdoc/>
    public int Height { get; }

    /// <summary>The persons.</summary>
    public PoseKeypoints Find()
    {
        var peaks = new List<BodyPeak>();
        for (var part = 0; part < PosePerson.BodyPoints; part++)
        {
            peaks.AddRange(Peaks(part));
        }

        var groups = BodyGrouping.Group(peaks, this);
        foreach (var left in Enumerable.Range(0, peaks.Count).Except(groups.SelectMany(group => group.Peaks)))
        {
            Give(left, peaks, groups);
        }

        return new(_width, Height, [.. groups.Select(group => OpenPoseAnnotator.ToPerson(group, peaks))]);
    }

    /// <summary>
    /// A part that no limb leads to, such as a hand in front of a hidden arm, belongs to the person that lacks it and
    /// that it lies in or near, the nearest one.
    /// </summary>
    private static void Give(int left, List<BodyPeak> peaks, List<BodyGroup> groups)
    {
        const double Margin = 0.25;
        var peak = peaks[left];
        var nearest = groups
            .Where(group => group.Peaks[peak.Part] < 0)
            .Select(group =>
            {
                var own = group.Peaks.Where(i => i >= 0).Select(i => peaks[i]).ToList();
                var (minX, maxX, minY, maxY) = (
                    own.Min(p => p.X),
                    own.Max(p => p.X),
                    own.Min(p => p.Y),
                    own.Max(p => p.Y)
                );
                var reach = Margin * Math.Max(maxX - minX, maxY - minY);
                var (dx, dy) = (peak.X - (minX + maxX) / 2.0, peak.Y - (minY + maxY) / 2.0);
                return (
                    Group: group,
                    IsNear: Math.Abs(dx) <= (maxX - minX) / 2.0 + reach && Math.Abs(dy) <= (maxY - minY) / 2.0 + reach,
                    Squared: dx * dx + dy * dy
                );
            })
            .Where(candidate => candidate.IsNear)
            .OrderBy(candidate => candidate.Squared)
            .FirstOrDefault();
        if (nearest.Group is not null)
        {
            nearest.Group.Peaks[peak.Part] = left;
        }
    }

    /// <inheritdoc/>
    public double At(int map, int x, int y)
    {
        var (column, row) = (OnMap(x, _map.Width, _width), OnMap(y, _map.Height, Height));
        var (left, top) = ((int)column, (int)row);
        var (right, below) = (Math.Min(left + 1, _map.Width - 1), Math.Min(top + 1, _map.Height - 1));
        double Value(int c, int r) => _limbs[(map * _map.Height + r) * _map.Width + c];
        var upper = Value(left, top) + (Value(right, top) - Value(left, top)) * (column - left);
        var lower = Value(left, below) + (Value(right, below) - Value(left, below)) * (column - left);
        return upper + (lower - upper) * (row - top);

        static double OnMap(int pixel, int length, int pixels) =>
            Math.Clamp((pixel + 0.5) * length / pixels - 0.5, 0, length - 1);
    }

    /// <summary>
    /// Values that none of their eight neighbours surpasses, placed between the map's points by the parabola through
    /// the neighbours.
    /// </summary>
    private IEnumerable<BodyPeak> Peaks(int part)
    {
        for (var row = 0; row < _map.Height; row++)
        {
            for (var column = 0; column < _map.Width; column++)
            {
                var value = Value(column, row);
                if (value > Threshold && IsHighest(column, row, value))
                {
                    yield return new BodyPeak(
                        Pixel(
                            column + Offset(Value(column - 1, row), value, Value(column + 1, row)),
                            _map.Width,
                            _width
                        ),
                        Pixel(row + Offset(Value(column, row - 1), value, Value(column, row + 1)), _map.Height, Height),
                        Math.Min(value, 1),
                        part
                    );
                }
            }
        }

        bool IsHighest(int column, int row, float value)
        {
            for (var i = 0; i < 9; i++)
            {
                var neighbour = Value(column + i % 3 - 1, row + i / 3 - 1);
                // Of two equal neighbours the first one counts.
                if (i < 4 ? neighbour >= value : neighbour > value)
                {
                    return false;
                }
            }

            return true;
        }

        float Value(int column, int row) =>
            column < 0 || row < 0 || column >= _map.Width || row >= _map.Height
                ? 0
                : _parts[(part * _map.Height + row) * _map.Width + column];

        static double Offset(float before, float here, float after)
        {
            var bend = before - 2 * here + after;
            return bend < 0 ? Math.Clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0;
        }

        static int Pixel(double place, int length, int pixels) =>
            (int)Math.Clamp(Math.Round((place + 0.5) * pixels / length - 0.5), 0, pixels - 1);
    }
}
