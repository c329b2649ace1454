using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>A black picture that key points are drawn on; points that were not found draw nothing.</summary>
internal sealed class PoseCanvas(int width, int height)
{
    /// <summary>What was drawn so far.</summary>
    public Picture Picture { get; } = Picture.Black(width, height);

    /// <summary>A filled disk.</summary>
    public void Disk(PosePoint? at, int radius, byte[] colour)
    {
        if (Pixel(at) is { } pixel)
        {
            Paint(Shape.AddDisk(pixel.X, pixel.Y, radius), colour);
        }
    }

    /// <summary>A line with round ends.</summary>
    public void Line(PosePoint? from, PosePoint? to, int thickness, byte[] colour)
    {
        if (Pixel(from) is { } a && Pixel(to) is { } b)
        {
            Paint(Shape.AddThickLine(a.X, a.Y, b.X, b.Y, thickness), colour);
        }
    }

    /// <summary>An ellipse between two points.</summary>
    /// <param name="from">One end.</param>
    /// <param name="to">The other end.</param>
    /// <param name="halfWidth">Pixels from its middle line to its edge.</param>
    /// <param name="colour">The colour.</param>
    /// <param name="opacity">The share of the colour in what lies under it.</param>
    public void Limb(PosePoint? from, PosePoint? to, int halfWidth, byte[] colour, float opacity)
    {
        if (from is not { } a || to is not { } b)
        {
            return;
        }

        var length = Math.Sqrt(Math.Pow(a.X - b.X, 2) + Math.Pow(a.Y - b.Y, 2));
        var degrees = Math.Atan2(a.Y - b.Y, a.X - b.X) * 180 / Math.PI;
        var (x, y) = ((int)((a.X + b.X) / 2), (int)((a.Y + b.Y) / 2));
        Shape
            .AddEllipse(x, y, (int)(length / 2), halfWidth, (int)degrees)
            .ForEach(
                (first, count) =>
                {
                    for (var i = 3 * first; i < 3 * (first + count); i++)
                    {
                        Picture.Canvas[i] = (byte)
                            MathF.Round(
                                Picture.Rgb[i] * (1 - opacity) + colour[i % 3] * opacity,
                                MidpointRounding.ToEven
                            );
                    }
                }
            );
    }

    private RowSpans Shape => new(Picture.Width, Picture.Height);

    private static (int X, int Y)? Pixel(PosePoint? point) => point is { } p ? ((int)p.X, (int)p.Y) : null;

    private void Paint(RowSpans shape, byte[] colour)
    {
        shape.ForEach(
            (first, count) =>
            {
                for (var pixel = first; pixel < first + count; pixel++)
                {
                    colour.CopyTo(Picture.Canvas[(3 * pixel)..]);
                }
            }
        );
    }
}
