namespace ControlNetSharp.Pictures;

/// <summary>
/// Fills holes in a picture with colours from around them: averages of the known pixels at half the size, a quarter …,
/// until every place has one; each hole takes that of the finest size that knows one.
/// Source: the pyramid of Gortler et al. 1996, "The Lumigraph", section 3.4 (pull and push).
/// </summary>
internal static class ColourFlow
{
    /// <summary>A picture of its own in which the known pixels keep their bytes.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="hole">width · height bytes: 0 is known, 255 a hole, between them a mixture. Borrowed.</param>
    public static Picture Into(Picture picture, ReadOnlySpan<byte> hole)
    {
        var known = new float[hole.Length];
        var colours = new float[picture.Rgb.Length];
        for (var i = 0; i < colours.Length; i++)
        {
            known[i / 3] = 1 - hole[i / 3] / 255f;
            colours[i] = picture.Rgb[i];
        }

        var filled = Filled(new(picture.Width, picture.Height, colours, known));
        return Picture.Owning(
            picture.Width,
            picture.Height,
            [.. filled.Select(value => (byte)Math.Clamp(MathF.Round(value), 0, 255))]
        );
    }

    /// <summary>
    /// Colours everywhere: those of this size, mixed with those of half the size where they are not known.
    /// </summary>
    private static float[] Filled(Level level)
    {
        if (level.Known.All(share => share == 1) || (level.Width == 1 && level.Height == 1))
        {
            return level.Colours;
        }

        var half = level.Halved();
        half = half with { Colours = Filled(half) };
        var result = new float[level.Colours.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var (x, y) = (i / 3 % level.Width, i / 3 / level.Width);
            var share = level.Known[i / 3];
            result[i] =
                share == 1
                    ? level.Colours[i]
                    : share * level.Colours[i] + (1 - share) * half.Between((x - 0.5f) / 2, (y - 0.5f) / 2, i % 3);
        }

        return result;
    }

    /// <summary>One size of the pyramid. A colour counts as far as it is known.</summary>
    private sealed record Level(int Width, int Height, float[] Colours, float[] Known)
    {
        /// <summary>A channel between four pixels, at their middles; the border goes on outside.</summary>
        public float Between(float x, float y, int channel)
        {
            var (left, top) = ((int)MathF.Floor(x), (int)MathF.Floor(y));
            var (right, down) = (x - left, y - top);
            float At(int column, int row) =>
                Colours[3 * (Math.Clamp(row, 0, Height - 1) * Width + Math.Clamp(column, 0, Width - 1)) + channel];
            return (1 - down) * ((1 - right) * At(left, top) + right * At(left + 1, top))
                + down * ((1 - right) * At(left, top + 1) + right * At(left + 1, top + 1));
        }

        public Level Halved()
        {
            var (width, height) = ((Width + 1) / 2, (Height + 1) / 2);
            var (colours, known) = (new float[3 * width * height], new float[width * height]);
            for (var i = 0; i < Known.Length; i++)
            {
                var to = i / Width / 2 * width + i % Width / 2;
                known[to] += Known[i];
                for (var channel = 0; channel < 3; channel++)
                {
                    colours[3 * to + channel] += Known[i] * Colours[3 * i + channel];
                }
            }

            for (var i = 0; i < colours.Length; i++)
            {
                colours[i] = known[i / 3] > 0 ? colours[i] / known[i / 3] : 0;
            }

            // Known once, a colour is known for good: what counts is only whether there was one.
            return new(width, height, colours, [.. known.Select(share => Math.Min(1, share))]);
        }
    }
}
