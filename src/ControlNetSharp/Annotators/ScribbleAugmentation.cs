using System.Runtime.CompilerServices;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Random changes of scribbles for training, so that a ControlNet learns to follow strokes as people draw them: some
/// off their place, thick or thin, with gaps.
/// Source of the idea: Zhang et al. 2023, arXiv:2302.05543, supplement, "user scribbles".
/// </summary>
internal sealed record ScribbleAugmentation
{
    /// <summary>
    /// Side of the cells whose corners move on their own and which lose a piece on their own, in pixels.
    /// </summary>
    private const int Cell = 32;

    /// <summary>Strokes grow by up to so many pixels on each side; 0 to 16, default 3.</summary>
    public int Thickness { get; init; } = 3;

    /// <summary>Up to this share of the cells of 32 x 32 pixels lose a round piece; 0 to 1, default 0.25.</summary>
    public double Gaps { get; init; } = 0.25;

    /// <summary>
    /// Strokes move by up to so many pixels in each direction, smoothly from place to place; 0 to 16, default 4.
    /// </summary>
    public double Jitter { get; init; } = 4;

    /// <summary>Changes a scribble.</summary>
    /// <param name="scribble">Bright strokes on black; what is brighter than 127 is stroke. Borrowed.</param>
    /// <param name="seed">The same seed gives the same changes.</param>
    /// <returns>White strokes on black, of the same size.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A property out of its range.</exception>
    public Picture Apply(Picture scribble, int seed)
    {
        ArgumentNullException.ThrowIfNull(scribble);
        Check(Thickness, 16);
        Check(Gaps, 1);
        Check(Jitter, 16);
        var random = new Random(seed);
        var (width, height) = (scribble.Width, scribble.Height);
        byte[] strokes = [.. Greyscale.Of(scribble).Select(value => value > 127 ? byte.MaxValue : byte.MinValue)];
        strokes = Moved(strokes, width, height, random);
        strokes = Dilation.Square(strokes, width, height, random.Next(Thickness + 1));
        Interrupt(strokes, width, height, random);
        return Greyscale.ToPicture(strokes, width, height);
    }

    private static void Check(double value, double max, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= 0 && value <= max))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from 0 to {max}.");
        }
    }

    /// <summary>
    /// Each pixel comes from a place nearby; the offsets are drawn at the corners of the cells and linear between them,
    /// so that strokes bend and do not break.
    /// </summary>
    private byte[] Moved(byte[] strokes, int width, int height, Random random)
    {
        var columns = width / Cell + 2;
        var offsets = new (double X, double Y)[columns * (height / Cell + 2)];
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = (Jitter * (2 * random.NextDouble() - 1), Jitter * (2 * random.NextDouble() - 1));
        }

        var moved = new byte[strokes.Length];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var (right, down) = ((double)(x % Cell) / Cell, (double)(y % Cell) / Cell);
                var corner = y / Cell * columns + x / Cell;
                double Between(Func<(double X, double Y), double> part) =>
                    (1 - down) * ((1 - right) * part(offsets[corner]) + right * part(offsets[corner + 1]))
                    + down
                        * ((1 - right) * part(offsets[corner + columns]) + right * part(offsets[corner + columns + 1]));
                var fromX = Math.Clamp((int)Math.Round(x + Between(offset => offset.X)), 0, width - 1);
                var fromY = Math.Clamp((int)Math.Round(y + Between(offset => offset.Y)), 0, height - 1);
                moved[y * width + x] = strokes[fromY * width + fromX];
            }
        }

        return moved;
    }

    /// <summary>Takes a disc out of some of the cells; in place.</summary>
    private void Interrupt(byte[] strokes, int width, int height, Random random)
    {
        var share = Gaps * random.NextDouble();
        for (var top = 0; top < height; top += Cell)
        {
            for (var left = 0; left < width; left += Cell)
            {
                var (chance, centreX, centreY, radius) = (
                    random.NextDouble(),
                    left + random.Next(Cell),
                    top + random.Next(Cell),
                    random.Next(Cell / 8, Cell / 2)
                );
                if (chance < share)
                {
                    Erase(strokes, width, height, centreX, centreY, radius);
                }
            }
        }
    }

    private static void Erase(byte[] strokes, int width, int height, int centreX, int centreY, int radius)
    {
        for (var y = Math.Max(0, centreY - radius); y <= Math.Min(height - 1, centreY + radius); y++)
        {
            var half = (int)Math.Sqrt(radius * radius - (y - centreY) * (y - centreY));
            var (first, last) = (Math.Max(0, centreX - half), Math.Min(width - 1, centreX + half));
            if (first <= last)
            {
                strokes.AsSpan(y * width + first, last - first + 1).Clear();
            }
        }
    }
}
