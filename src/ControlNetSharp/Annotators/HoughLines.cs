using System.Numerics;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Straight lines by the progressive probabilistic Hough transform, with the exact results of OpenCV 4.6
/// (cv2.HoughLinesP), its random order of points included.
/// Source: Matas, Galambos and Kittler 2000, "Robust detection of lines using the progressive probabilistic Hough
/// transform"; numbers: goldens annot.json, hough.
/// </summary>
internal sealed class HoughLines
{
    /// <summary>Fraction bits of the position across the line while walking along it.</summary>
    private const int Shift = 16;

    private readonly int _width;
    private readonly int _height;
    private readonly bool[] _isOpen;
    private readonly float[] _cosines;
    private readonly float[] _sines;
    private readonly int _distances;
    private readonly int[] _votes;
    private readonly int[] _cells;
    private readonly int _angles;

    private HoughLines(byte[] edges, int width, int height, double rho, double theta)
    {
        (_width, _height) = (width, height);
        _isOpen = [.. edges.Select(value => value != 0)];
        var (distanceStep, angleStep) = ((float)rho, (float)theta);
        _angles = (int)Math.Floor(Math.PI / angleStep) + 1;
        if (_angles > 1 && Math.Abs(Math.PI - (_angles - 1) * (double)angleStep) < angleStep / 2)
        {
            // 180 degrees are 0 degrees again.
            _angles--;
        }

        _distances = (int)MathF.Round(((width + height) * 2 + 1) / distanceStep, MidpointRounding.ToEven);
        _votes = new int[_angles * _distances];
        _cells = new int[RoundedUp(_angles)];
        (_cosines, _sines) = (new float[_cells.Length], new float[_cells.Length]);
        var scale = 1 / distanceStep;
        for (var n = 0; n < _angles; n++)
        {
            _cosines[n] = (float)(Math.Cos((double)n * angleStep) * scale);
            _sines[n] = (float)(Math.Sin((double)n * angleStep) * scale);
        }
    }

    /// <summary>Finds lines.</summary>
    /// <param name="edges">width · height values; everything but 0 is a point. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="threshold">Points that must agree on a line before it is followed.</param>
    /// <param name="minLength">Lines that extend over fewer columns and fewer rows are dropped; pixels.</param>
    /// <param name="maxGap">Longest row of missing points within a line; pixels.</param>
    /// <param name="rho">Step of the distance from the origin; pixels.</param>
    /// <param name="theta">Step of the angle; radians.</param>
    /// <returns>Lines in the order in which they were found.</returns>
    public static IReadOnlyList<LineSegment> Find(
        byte[] edges,
        int width,
        int height,
        int threshold,
        int minLength,
        int maxGap,
        double rho = 1,
        double theta = Math.PI / 180
    ) => new HoughLines(edges, width, height, rho, theta).Find(threshold, minLength, maxGap);

    private static int RoundedUp(int count) =>
        (count + Vector<float>.Count - 1) / Vector<float>.Count * Vector<float>.Count;

    /// <summary>
    /// Points vote in random order; as soon as a line has enough votes it is followed and its points vote no more.
    /// </summary>
    private List<LineSegment> Find(int threshold, int minLength, int maxGap)
    {
        var points = Enumerable.Range(0, _isOpen.Length).Where(i => _isOpen[i]).ToArray();
        var lines = new List<LineSegment>();
        var random = new MultiplyWithCarry();
        for (var left = points.Length; left > 0; left--)
        {
            var pick = random.Below(left);
            var point = points[pick];
            points[pick] = points[left - 1];
            if (!_isOpen[point])
            {
                continue;
            }

            var (x, y) = (point % _width, point / _width);
            var angle = Vote(x, y, threshold - 1);
            if (angle >= 0 && Follow(Walk.Along(x, y, _cosines[angle], _sines[angle]), minLength, maxGap) is { } line)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    /// <summary>
    /// Counts a point for every line through it; the angle of the line with most votes, or -1 where none has more than
    /// <paramref name="most"/>.
    /// </summary>
    private int Vote(int x, int y, int most)
    {
        FillCells(x, y);
        var best = -1;
        for (var n = 0; n < _angles; n++)
        {
            var votes = ++_votes[_cells[n]];
            if (votes > most)
            {
                (most, best) = (votes, n);
            }
        }

        return best;
    }

    private void Unvote(int x, int y)
    {
        FillCells(x, y);
        foreach (var cell in _cells.AsSpan(0, _angles))
        {
            _votes[cell]--;
        }
    }

    /// <summary>The cell of each angle's line through a point.</summary>
    private void FillCells(int x, int y)
    {
        // Adding and taking away 1.5 · 2^23 rounds half to even.
        var rounding = new Vector<float>(12582912f);
        var (column, row) = (new Vector<float>(x), new Vector<float>(y));
        for (var n = 0; n < _cells.Length; n += Vector<float>.Count)
        {
            var distance = column * new Vector<float>(_cosines, n) + row * new Vector<float>(_sines, n);
            Vector.ConvertToInt32(distance + rounding - rounding).CopyTo(_cells, n);
        }

        var first = (_distances - 1) / 2;
        for (var n = 0; n < _angles; n++)
        {
            _cells[n] += n * _distances + first;
        }
    }

    /// <summary>
    /// Follows a line both ways to its last points; then closes its points, whose votes are taken back if the line is
    /// long enough. Null if it is not.
    /// </summary>
    private LineSegment? Follow(Walk walk, int minLength, int maxGap)
    {
        var (one, other) = (LastPoint(walk, maxGap), LastPoint(walk.Back, maxGap));
        var isLong = Math.Abs(other.X - one.X) >= minLength || Math.Abs(other.Y - one.Y) >= minLength;
        Close(walk, one, isLong);
        Close(walk.Back, other, isLong);
        return isLong ? new LineSegment(one.X, one.Y, other.X, other.Y) : null;
    }

    private (int X, int Y) LastPoint(Walk walk, int maxGap)
    {
        var last = walk.Position;
        for (var gap = 0; ; walk.Step())
        {
            var (x, y) = walk.Position;
            if (x < 0 || y < 0 || x >= _width || y >= _height)
            {
                return last;
            }

            if (_isOpen[y * _width + x])
            {
                (gap, last) = (0, (x, y));
            }
            else if (++gap > maxGap)
            {
                return last;
            }
        }
    }

    private void Close(Walk walk, (int X, int Y) last, bool takeVotesBack)
    {
        for (; ; walk.Step())
        {
            var (x, y) = walk.Position;
            if (_isOpen[y * _width + x])
            {
                if (takeVotesBack)
                {
                    Unvote(x, y);
                }

                _isOpen[y * _width + x] = false;
            }

            if ((x, y) == last)
            {
                return;
            }
        }
    }

    /// <summary>
    /// A position that moves one pixel along the line's longer direction at each step, and by a fraction in the other.
    /// </summary>
    private struct Walk
    {
        private bool _isFlat;
        private int _x;
        private int _y;
        private int _dx;
        private int _dy;

        public readonly (int X, int Y) Position => _isFlat ? (_x, _y >> Shift) : (_x >> Shift, _y);

        /// <summary>The walk the other way.</summary>
        public readonly Walk Back => this with { _dx = -_dx, _dy = -_dy };

        public static Walk Along(int x, int y, float cosine, float sine)
        {
            var (a, b) = (-sine, cosine);
            const int Half = 1 << (Shift - 1);
            return Math.Abs(a) > Math.Abs(b)
                ? new Walk
                {
                    _isFlat = true,
                    _x = x,
                    _y = (y << Shift) + Half,
                    _dx = a > 0 ? 1 : -1,
                    _dy = Fraction(b / Math.Abs(a)),
                }
                : new Walk
                {
                    _x = (x << Shift) + Half,
                    _y = y,
                    _dx = Fraction(a / Math.Abs(b)),
                    _dy = b > 0 ? 1 : -1,
                };
        }

        public void Step() => (_x, _y) = (_x + _dx, _y + _dy);

        private static int Fraction(float slope) => (int)MathF.Round(slope * (1 << Shift), MidpointRounding.ToEven);
    }

    /// <summary>OpenCV's generator with its fixed start. Source: Marsaglia, "multiply with carry".</summary>
    private sealed class MultiplyWithCarry
    {
        private ulong _state = ulong.MaxValue;

        public int Below(int limit)
        {
            _state = (uint)_state * 4164903690UL + (_state >> 32);
            return (int)((uint)_state % (uint)limit);
        }
    }
}
