using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Random changes of hints for training, so that a ControlNet follows those that people bring: a little off their
/// place, thick or with gaps, coarse, blurred, noisy, of another contrast.
/// </summary>
internal static class HintVariation
{
    private const int MostShift = 2;
    private const int MostGaps = 6;

    /// <summary>Changes a hint.</summary>
    /// <param name="condition">Its condition kind.</param>
    /// <param name="hint">Borrowed.</param>
    /// <param name="random">What is drawn depends on this alone.</param>
    /// <returns>Of the same size.</returns>
    public static Picture Apply(string condition, Picture hint, Random random)
    {
        bool Chance(double share) => random.NextDouble() < share;
        var changed = Chance(0.5)
            ? Shifted(hint, random.Next(-MostShift, MostShift + 1), random.Next(-MostShift, MostShift + 1))
            : hint;
        switch (condition)
        {
            case "depth":
                changed = Chance(0.5) ? WithGamma(changed, Math.Pow(1.7, 2 * random.NextDouble() - 1)) : changed;
                goto case "normal";
            case "normal":
                changed = Chance(0.4) ? Blurred(changed, 0.5 + 2 * random.NextDouble()) : changed;
                return Chance(0.2) ? Noisy(changed, 3 + 9 * random.NextDouble(), random) : changed;
            case "segmentation":
                return Chance(0.3) ? Coarse(changed, random.Next(2, 5)) : changed;
            case "pose":
                return Chance(0.2) ? WithGaps(changed, random) : changed;
            case "scribble" when Chance(0.7):
                return new ScribbleAugmentation().Apply(changed, random.Next());
            default:
                changed = Chance(0.3) ? Thicker(changed) : changed;
                changed = Chance(0.4) ? WithGaps(changed, random) : changed;
                return Chance(0.2) ? Noisy(changed, 5 + 15 * random.NextDouble(), random) : changed;
        }
    }

    /// <summary>Moved by whole pixels; the border goes on outside.</summary>
    private static Picture Shifted(Picture hint, int right, int down) =>
        Taken(hint, (x, y) => (Math.Clamp(x - right, 0, hint.Width - 1), Math.Clamp(y - down, 0, hint.Height - 1)));

    private static Picture WithGamma(Picture hint, double gamma)
    {
        byte[] levels =
        [
            .. Enumerable.Range(0, 256).Select(level => (byte)Math.Round(255 * Math.Pow(level / 255.0, gamma))),
        ];
        return Picture.Owning(hint.Width, hint.Height, Array.ConvertAll(hint.Rgb.ToArray(), level => levels[level]));
    }

    private static Picture Blurred(Picture hint, double sigma) =>
        new(hint.Width, hint.Height, GaussianBlur.Blur(hint.Rgb, hint.Width, hint.Height, 3, sigma));

    private static Picture Noisy(Picture hint, double sigma, Random random)
    {
        // The sum of four uniform numbers is near enough to a normal one, of deviation 1/sqrt(3).
        double Noise() =>
            Math.Sqrt(3)
            * sigma
            * (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2);
        return Picture.Owning(
            hint.Width,
            hint.Height,
            Array.ConvertAll(hint.Rgb.ToArray(), level => (byte)Math.Clamp(Math.Round(level + Noise()), 0, 255))
        );
    }

    private static Picture Thicker(Picture hint) =>
        Greyscale.ToPicture(Dilation.Square(Greyscale.Of(hint), hint.Width, hint.Height, 1), hint.Width, hint.Height);

    /// <summary>In squares of so many pixels a side, each of one colour.</summary>
    private static Picture Coarse(Picture hint, int side) =>
        Taken(
            hint,
            (x, y) =>
                (
                    Math.Min(x / side * side + side / 2, hint.Width - 1),
                    Math.Min(y / side * side + side / 2, hint.Height - 1)
                )
        );

    /// <summary>With black discs of up to a sixteenth of the height.</summary>
    private static Picture WithGaps(Picture hint, Random random)
    {
        var gaps = Enumerable
            .Range(0, random.Next(1, MostGaps + 1))
            .Select(_ =>
                (
                    X: random.Next(hint.Width),
                    Y: random.Next(hint.Height),
                    Radius: random.Next(hint.Height / 64, hint.Height / 16 + 1)
                )
            )
            .ToList();
        return Taken(
            hint,
            (x, y) =>
                gaps.Exists(gap => (x - gap.X) * (x - gap.X) + (y - gap.Y) * (y - gap.Y) <= gap.Radius * gap.Radius)
                    ? null
                    : (x, y)
        );
    }

    /// <summary>Each pixel is one of the hint's; black where there is none for it.</summary>
    private static Picture Taken(Picture hint, Func<int, int, (int X, int Y)?> source)
    {
        var rgb = new byte[hint.Rgb.Length];
        for (var i = 0; i < hint.Width * hint.Height; i++)
        {
            if (source(i % hint.Width, i / hint.Width) is { } from)
            {
                hint.Rgb.Slice(3 * (from.Y * hint.Width + from.X), 3).CopyTo(rgb.AsSpan(3 * i));
            }
        }

        return Picture.Owning(hint.Width, hint.Height, rgb);
    }
}
