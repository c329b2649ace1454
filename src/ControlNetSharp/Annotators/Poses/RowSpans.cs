namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// The pixels of a convex shape: in each row of the canvas one span. Outlines follow OpenCV's integer arithmetic
/// (modules/imgproc/src/drawing.cpp, 4.6), so that shapes are those of cv2.circle, cv2.fillConvexPoly and cv2.line.
/// </summary>
internal sealed class RowSpans(int width, int height)
{
    private readonly int[] _left = [.. Enumerable.Repeat(int.MaxValue, height)];
    private readonly int[] _right = [.. Enumerable.Repeat(int.MinValue, height)];

    /// <summary>A filled disk (the midpoint algorithm).</summary>
    public RowSpans AddDisk(int x, int y, int radius)
    {
        var (error, dx, dy, plus, minus) = (0, radius, 0, 1, 2 * radius - 1);
        while (dx >= dy)
        {
            AddRow(y - dy, x - dx, x + dx);
            AddRow(y + dy, x - dx, x + dx);
            AddRow(y - dx, x - dy, x + dy);
            AddRow(y + dx, x - dy, x + dy);
            dy++;
            error += plus;
            plus += 2;
            if (error > 0)
            {
                error -= minus;
                dx--;
                minus -= 2;
            }
        }

        return this;
    }

    /// <summary>
    /// A filled ellipse, as a polygon of one corner a degree with whole coordinates (cv2.ellipse2Poly,
    /// cv2.fillConvexPoly).
    /// </summary>
    /// <param name="x">Middle.</param>
    /// <param name="y">Middle.</param>
    /// <param name="halfLength">Half axis along the angle.</param>
    /// <param name="halfWidth">Half axis across it.</param>
    /// <param name="degrees">Angle, clockwise from the right.</param>
    public RowSpans AddEllipse(int x, int y, int halfLength, int halfWidth, int degrees)
    {
        var (cosine, sine) = (Sine(degrees + 90), Sine(degrees));
        var last = Corner(0);
        for (var angle = 1; angle <= 360; angle++)
        {
            var corner = Corner(angle);
            AddLine(last, corner);
            last = corner;
        }

        return this;

        (int X, int Y) Corner(int angle)
        {
            var (along, across) = (halfLength * (double)Sine(angle + 90), halfWidth * (double)Sine(angle));
            return (Round(x + along * cosine - across * sine), Round(y + along * sine + across * cosine));
        }
    }

    /// <summary>A line with round ends (cv2.line).</summary>
    /// <param name="x0">One end.</param>
    /// <param name="y0">One end.</param>
    /// <param name="x1">The other end.</param>
    /// <param name="y1">The other end.</param>
    /// <param name="thickness">Pixels across, from 2 on; odd ones come out one wider, as in OpenCV.</param>
    public RowSpans AddThickLine(int x0, int y0, int x1, int y1, int thickness)
    {
        var reach = (thickness + 1) / 2;
        double dx = x0 - x1,
            dy = y1 - y0;
        var length = Math.Sqrt(dx * dx + dy * dy);
        if (length > 0)
        {
            // The corners lie so far to both sides of the ends.
            var (sideX, sideY) = (reach * dy / length, reach * dx / length);
            (double X, double Y)[] corners =
            [
                (x0 + sideX, y0 + sideY),
                (x0 - sideX, y0 - sideY),
                (x1 - sideX, y1 - sideY),
                (x1 + sideX, y1 + sideY),
            ];
            for (var i = 0; i < corners.Length; i++)
            {
                AddEdge(corners[i], corners[(i + 1) % corners.Length]);
            }
        }

        return AddDisk(x0, y0, reach).AddDisk(x1, y1, reach);
    }

    /// <summary>
    /// Calls back for each row that the shape touches with its first pixel and the number of pixels, all inside the
    /// canvas.
    /// </summary>
    public void ForEach(Action<int, int> firstAndCount)
    {
        for (var y = 0; y < height; y++)
        {
            var (left, right) = (Math.Max(_left[y], 0), Math.Min(_right[y], width - 1));
            if (left <= right)
            {
                firstAndCount(y * width + left, right - left + 1);
            }
        }
    }

    /// <summary>OpenCV's table: whole degrees, seven decimals, float32.</summary>
    private static float Sine(int degrees) => (float)Math.Round(Math.Sin(degrees * Math.PI / 180), 7);

    private static int Round(double value) => (int)Math.Round(value, MidpointRounding.ToEven);

    private void AddRow(int y, int left, int right)
    {
        if (y >= 0 && y < height)
        {
            _left[y] = Math.Min(_left[y], left);
            _right[y] = Math.Max(_right[y], right);
        }
    }

    /// <summary>Bresenham's line between pixels, from the left one; halves round towards it.</summary>
    private void AddLine((int X, int Y) a, (int X, int Y) b)
    {
        if (b.X < a.X)
        {
            (a, b) = (b, a);
        }

        var (dx, dy, step) = (b.X - a.X, Math.Abs(b.Y - a.Y), Math.Sign(b.Y - a.Y));
        for (var k = 0; k <= Math.Max(dx, dy); k++)
        {
            var (x, y) = dx >= dy ? (a.X + k, a.Y + step * Minor(k, dy, dx)) : (a.X + Minor(k, dx, dy), a.Y + step * k);
            AddRow(y, x, x);
        }

        static int Minor(int k, int minor, int major) => major == 0 ? 0 : (2 * k * minor + major - 1) / (2 * major);
    }

    /// <summary>
    /// The edge of a polygon whose corners lie between pixels: one pixel a step along the longer side.
    /// </summary>
    private void AddEdge((double X, double Y) a, (double X, double Y) b)
    {
        var steep = Math.Abs(b.Y - a.Y) >= Math.Abs(b.X - a.X);
        if (steep ? b.Y < a.Y : b.X < a.X)
        {
            (a, b) = (b, a);
        }

        var (dx, dy) = (b.X - a.X, b.Y - a.Y);
        var steps = (int)(steep ? dy : dx);
        for (var k = 0; k <= steps; k++)
        {
            var (x, y) = steep ? (a.X + k * dx / dy, a.Y + k) : (a.X + k, a.Y + k * dy / dx);
            Add(x, y);
        }

        Add(b.X, b.Y);

        void Add(double x, double y)
        {
            var column = (int)Math.Floor(x + 0.5);
            AddRow((int)Math.Floor(y + 0.5), column, column);
        }
    }
}
