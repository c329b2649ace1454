namespace ControlNetSharp.Pictures;

/// <summary>
/// A picture in black and white: edges, straight lines, a drawing, shapes. Scaled, it stays black and white. Lines keep
/// their width as far as it is more than a pixel; narrower ones, which would fade or fall to pieces when pixels get
/// fewer
/// and swell when they get more, are drawn anew between the places that their pixels come to.
/// </summary>
internal sealed class LineMap
{
    private const int Dark = 64,
        Light = 192,
        Colour = 32;

    /// <summary>Pixels that are neither black nor white, as a share of those of the lines: JPEG leaves some.</summary>
    private const double MostBetween = 0.25;

    /// <summary>What is narrower than this many pixels of the new size is a thin line.</summary>
    private const double ThinWidth = 1.5;

    /// <summary>Where there is more of both than this share, as in a QR code, there are only shapes.</summary>
    private const double MostLines = 0.3;
    private readonly Picture _picture;
    private readonly byte[] _lines;
    private readonly bool _areDark;

    private LineMap(Picture picture, byte[] lines, bool areDark) =>
        (_picture, _lines, _areDark) = (picture, lines, areDark);

    /// <summary>
    /// The lines of a picture: what there is less of, white or black; null where it is not black and white.
    /// </summary>
    /// <param name="picture">Any picture. Borrowed.</param>
    public static LineMap? Of(Picture picture)
    {
        var rgb = picture.Rgb;
        var (lines, light, between) = (new byte[rgb.Length / 3], 0, 0);
        for (var i = 0; i < lines.Length; i++)
        {
            var (r, g, b) = (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
            var (least, most) = (Math.Min(r, Math.Min(g, b)), Math.Max(r, Math.Max(g, b)));
            between += most - least > Colour || (most > Dark && least < Light) ? 1 : 0;
            light += g >= 128 ? 1 : 0;
            lines[i] = g >= 128 ? (byte)255 : (byte)0;
        }

        var areDark = light > lines.Length / 2;
        return between > MostBetween * Math.Min(light, lines.Length - light)
            ? null
            : new LineMap(picture, areDark ? Inverted(lines) : lines, areDark);
    }

    /// <summary>The map at another size; all pixels are 0 or 255.</summary>
    public Picture Scaled(int width, int height)
    {
        var (from, bodies) = (_picture, Bodies(width, height));
        var thin = (byte[])_lines.Clone();
        LineThinning.Thin(thin, bodies, from.Width);
        var grown = Resampling.Resize(
            bodies,
            from.Width,
            from.Height,
            1,
            width,
            height,
            PictureResizing.InterpolationFor(from, width, height)
        );
        byte[] kept = [.. grown.Select(level => level >= 128 ? byte.MaxValue : byte.MinValue)];
        var canvas = Greyscale.ToPicture(kept, width, height);
        Draw(thin, bodies, canvas);
        var lines = Greyscale.Of(canvas);
        LineThinning.Thin(lines, kept, width);
        return Greyscale.ToPicture(_areDark ? Inverted(lines) : lines, width, height);
    }

    /// <summary>
    /// The lines without those parts that are thin at a size: what a square of the least width can be put into.
    /// </summary>
    private byte[] Bodies(int width, int height)
    {
        if (_lines.Count(level => level != 0) > MostLines * _lines.Length)
        {
            return _lines;
        }

        var scale = Math.Max((double)_picture.Width / width, (double)_picture.Height / height);
        var reach = Math.Max(1, (int)Math.Round(ThinWidth * scale / 2));
        byte[] Grown(byte[] values) => Dilation.Square(values, _picture.Width, _picture.Height, reach);
        return Grown(Inverted(Grown(Inverted(_lines))));
    }

    /// <summary>Draws the thin parts of lines: from each pixel to its neighbours.</summary>
    private void Draw(byte[] lines, byte[] bodies, Picture canvas)
    {
        var (width, height) = (_picture.Width, _picture.Height);
        bool IsLine(int x, int y) => x >= 0 && x < width && y >= 0 && y < height && lines[y * width + x] != 0;
        (long X, long Y) Place(int x, int y) =>
            ((2L * x + 1) * canvas.Width / (2 * width), (2L * y + 1) * canvas.Height / (2 * height));
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == 0 || bodies[i] != 0)
            {
                continue;
            }

            var (x, y) = (i % width, i / width);
            var start = Place(x, y);
            ThinLine.Draw(canvas, start.X, start.Y, start.X, start.Y);
            for (var (dy, dx) = (-1, -1); dy <= 1; (dy, dx) = dx < 1 ? (dy, dx + 1) : (dy + 1, -1))
            {
                // Two pixels that touch at a corner and have a common neighbour are joined by that one.
                if (IsLine(x + dx, y + dy) && (dx == 0 || dy == 0 || (!IsLine(x + dx, y) && !IsLine(x, y + dy))))
                {
                    var end = Place(x + dx, y + dy);
                    ThinLine.Draw(canvas, start.X, start.Y, end.X, end.Y);
                }
            }
        }
    }

    private static byte[] Inverted(byte[] values) => [.. values.Select(value => (byte)(255 - value))];
}
