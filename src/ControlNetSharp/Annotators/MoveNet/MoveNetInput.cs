using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// A part of a picture as the network sees it: scaled, with black to the right and below or all around.
/// </summary>
/// <param name="Seen">What the network sees; sides are multiples of <see cref="MoveNetParams.SizeStep"/>.</param>
/// <param name="Left">Where its left edge lies in the picture, in pixels of the picture; can be outside.</param>
/// <param name="Top">Where its upper edge lies.</param>
/// <param name="StepX">Pixels of the picture a column.</param>
/// <param name="StepY">Pixels of the picture a row.</param>
internal sealed record MoveNetInput(Picture Seen, double Left, double Top, double StepX, double StepY)
{
    /// <summary>The whole picture with a longer side of so many pixels.</summary>
    public static MoveNetInput Whole(Picture picture, int longerSide)
    {
        var scale = (double)longerSide / Math.Max(picture.Width, picture.Height);
        var (width, height) = (Side(picture.Width * scale), Side(picture.Height * scale));
        var canvas = Picture.Black(Padded(width), Padded(height));
        Place(PictureResizing.Scale(picture, width, height), canvas, 0, 0);
        return new(canvas, 0, 0, (double)picture.Width / width, (double)picture.Height / height);

        static int Padded(int side) =>
            (side + MoveNetParams.SizeStep - 1) / MoveNetParams.SizeStep * MoveNetParams.SizeStep;
    }

    /// <summary>A square of the picture, black where it reaches beyond it, at a side of so many pixels.</summary>
    public static MoveNetInput Square(Picture picture, double centerX, double centerY, double side, int seenSide)
    {
        var (left, top) = (centerX - side / 2, centerY - side / 2);
        var (fromX, fromY) = (First(left, picture.Width), First(top, picture.Height));
        var (width, height) = (End(left + side, picture.Width) - fromX, End(top + side, picture.Height) - fromY);
        var scale = seenSide / side;
        var (seenWidth, seenHeight) = (Seen(width), Seen(height));
        var (toX, toY) = (Offset(fromX - left, seenWidth), Offset(fromY - top, seenHeight));
        var canvas = Picture.Black(seenSide, seenSide);
        Place(
            PictureResizing.Scale(Cut(picture, fromX, fromY, width, height), seenWidth, seenHeight),
            canvas,
            toX,
            toY
        );
        var (stepX, stepY) = ((double)width / seenWidth, (double)height / seenHeight);
        return new(canvas, fromX - toX * stepX, fromY - toY * stepY, stepX, stepY);

        static int First(double edge, int length) => Math.Clamp((int)Math.Floor(edge), 0, length - 1);
        int End(double edge, int length) => Math.Clamp((int)Math.Ceiling(edge), 1, length);
        int Seen(int pixels) => Math.Clamp(Side(pixels * scale), 1, seenSide);
        int Offset(double pixels, int content) => Math.Clamp((int)Math.Round(pixels * scale), 0, seenSide - content);
    }

    /// <summary>A person seen, in pixels of the picture.</summary>
    public MoveNetPerson ToPicture(MoveNetPerson person) =>
        new(
            [.. person.Points.Select(point => point with { X = X(point.X), Y = Y(point.Y) })],
            new(X(person.Box.Left), Y(person.Box.Top), X(person.Box.Right), Y(person.Box.Bottom)),
            person.Score
        );

    private double X(double column) => Left + column * StepX;

    private double Y(double row) => Top + row * StepY;

    private static int Side(double side) => Math.Max(1, (int)Math.Round(side));

    private static Picture Cut(Picture picture, int x, int y, int width, int height)
    {
        var part = Picture.Black(width, height);
        for (var row = 0; row < height; row++)
        {
            picture.Rgb.Slice(3 * ((y + row) * picture.Width + x), 3 * width).CopyTo(part.Canvas[(3 * row * width)..]);
        }

        return part;
    }

    private static void Place(Picture part, Picture canvas, int x, int y)
    {
        for (var row = 0; row < part.Height; row++)
        {
            part.Rgb.Slice(3 * row * part.Width, 3 * part.Width)
                .CopyTo(canvas.Canvas[(3 * ((y + row) * canvas.Width + x))..]);
        }
    }
}
