using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Hints that no network makes: the picture itself, coarser, in other colours or in another order. Names, options and
/// defaults are those of Mikubill/sd-webui-controlnet@56cec5b (behaviour).
/// </summary>
internal static class PictureHints
{
    private const int GridCells = 64;
    private const int FlowCell = 256;

    /// <summary>Holds the picture to the colours of its hint.</summary>
    public const string ColourFix = "tile_colorfix";

    /// <summary>The same, and sharpens.</summary>
    public const string ColourFixSharp = "tile_colorfix+sharp";

    private static readonly AnnotatorOption Variation = new(
        "variation",
        3,
        32,
        8,
        Whole: true,
        "latents around each over which colours are compared: more of them leave it more freedom"
    );

    private static readonly AnnotatorOption Gamma = new(
        "gamma",
        0.1,
        2,
        1,
        Whole: false,
        "below 1 is brighter, above darker"
    );

    /// <summary>The annotators and what they do; of a kind the first is the usual one.</summary>
    public static IReadOnlyList<(AnnotatorInfo Info, Func<Picture, AnnotatorOptions, Picture> Make)> All { get; } =
    [
        (
            new(
                "tile",
                ["tile_resample"],
                [new("down", 1, 8, 1, Whole: false, "how many times smaller the picture is made first")],
                "the picture itself, made smaller and larger again"
            ),
            (picture, options) => Resampled(picture, options["down"])
        ),
        (
            new(
                "tile",
                ["blur_gaussian"],
                [new("sigma", 0.01, 64, 9, Whole: false, "pixels that it is blurred by")],
                "the picture blurred"
            ),
            (picture, options) => Blurred(picture, options["sigma"])
        ),
        (
            new("tile", [ColourFix], [Variation], "the picture itself, whose colours are held to at each step"),
            (picture, _) => Same(picture)
        ),
        (
            new(
                "tile",
                [ColourFixSharp],
                [Variation, new("sharpness", 0, 2, 1, Whole: false, "how much what is unsharp is pushed away")],
                "the same, and sharper"
            ),
            (picture, _) => Same(picture)
        ),
        (
            new(
                "inpaint",
                ["inpaint_only", "inpaint"],
                [],
                "the picture itself, with holes where inpaint=MASK is white"
            ),
            (picture, _) => Same(picture)
        ),
        (
            new("recolor", ["recolor_luminance"], [Gamma], "how light each colour looks (L of CIE Lab), as grey"),
            (picture, options) => Grey(picture, options["gamma"], Luminance)
        ),
        (
            new("recolor", ["recolor_intensity"], [Gamma], "the brightest channel (V of HSV), as grey"),
            (picture, options) => Grey(picture, options["gamma"], (r, g, b) => Math.Max(r, Math.Max(g, b)))
        ),
        (
            new(
                "shuffle",
                ["shuffle"],
                [new("seed", 0, int.MaxValue, 0, Whole: true, "another number gives another order")],
                "the picture flowed into disorder: only its colours and textures stay"
            ),
            (picture, options) => Shuffled(picture, (int)options["seed"])
        ),
        (
            new("brightness", ["brightness"], [], "brightness as grey"),
            (picture, _) => Greyscale.ToPicture(Greyscale.Of(picture), picture.Width, picture.Height)
        ),
        (
            new(
                "brightness",
                ["threshold"],
                [new("level", 0, 255, 127, Whole: true, "white is where all channels are above this")],
                "black and white"
            ),
            (picture, options) =>
                Grey(
                    picture,
                    gamma: 1,
                    (r, g, b) => Math.Min(r, Math.Min(g, b)) > options["level"] ? byte.MaxValue : byte.MinValue
                )
        ),
        (
            new("color", ["t2ia_color_grid"], [], "squares of 64 pixels in their mean colours"),
            (picture, _) => Grid(picture)
        ),
        .. ReferenceModules.All.Select(info =>
            (info, (Func<Picture, AnnotatorOptions, Picture>)((picture, _) => Same(picture)))
        ),
    ];

    private static Picture Same(Picture picture) =>
        Picture.Owning(picture.Width, picture.Height, picture.Rgb.ToArray());

    private static Picture Resampled(Picture picture, double down)
    {
        // Up to here the original leaves the picture alone.
        const double least = 1.1;
        return down < least
            ? Same(picture)
            : Through(picture, picture.Width / down, picture.Height / down, Interpolation.Area, Interpolation.Lanczos4);
    }

    private static Picture Blurred(Picture picture, double sigma) =>
        Picture.Owning(
            picture.Width,
            picture.Height,
            GaussianBlur.Blur(picture.Rgb, picture.Width, picture.Height, 3, sigma)
        );

    /// <summary>Source: TencentARC/T2I-Adapter, the hints of its adapter for colours.</summary>
    private static Picture Grid(Picture picture) =>
        Through(
            picture,
            (double)picture.Width / GridCells,
            (double)picture.Height / GridCells,
            Interpolation.Cubic,
            Interpolation.Nearest
        );

    private static Picture Through(
        Picture picture,
        double width,
        double height,
        Interpolation there,
        Interpolation back
    )
    {
        var small = PictureResizing.Resize(picture, Math.Max(1, (int)width), Math.Max(1, (int)height), there);
        return PictureResizing.Resize(small, picture.Width, picture.Height, back);
    }

    private static Picture Grey(Picture picture, double gamma, Func<byte, byte, byte, byte> level)
    {
        var grey = new byte[picture.Width * picture.Height];
        var rgb = picture.Rgb;
        for (var i = 0; i < grey.Length; i++)
        {
            var value = level(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
            grey[i] = (byte)(Math.Pow(value / 255.0, gamma) * 255 + (gamma == 1 ? 0.5 : 0));
        }

        return Greyscale.ToPicture(grey, picture.Width, picture.Height);
    }

    /// <summary>L of CIE Lab for sRGB under D65, 0 to 100 stretched to 255, rounded.</summary>
    private static byte Luminance(byte r, byte g, byte b)
    {
        static double Linear(byte value) =>
            value / 255.0 is var v && v <= 0.04045 ? v / 12.92 : Math.Pow((value / 255.0 + 0.055) / 1.055, 2.4);
        var y = 0.212671 * Linear(r) + 0.715160 * Linear(g) + 0.072169 * Linear(b);
        var lightness = y > 0.008856 ? 116 * Math.Cbrt(y) - 16 : 903.3 * y;
        return (byte)Math.Round(lightness * 255 / 100);
    }

    /// <summary>
    /// Each pixel is taken from where smooth noise says: two fields, stretched over width and height. Source:
    /// lllyasviel/ControlNet-v1-1, annotator/shuffle, ContentShuffleDetector; its noise is not seeded.
    /// </summary>
    private static Picture Shuffled(Picture picture, int seed)
    {
        var (width, height) = (picture.Width, picture.Height);
        var random = new Random(seed);
        var (columns, rows) = (SmoothNoise(random, width, height), SmoothNoise(random, width, height));
        var result = new byte[3 * width * height];
        var rgb = picture.Rgb;
        for (var i = 0; i < width * height; i++)
        {
            var (x, y) = (columns[i] * (width - 1), rows[i] * (height - 1));
            var (left, top) = ((int)x, (int)y);
            var (right, bottom) = (Math.Min(left + 1, width - 1), Math.Min(top + 1, height - 1));
            var (dx, dy) = (x - left, y - top);
            for (var channel = 0; channel < 3; channel++)
            {
                float At(ReadOnlySpan<byte> values, int column, int row) =>
                    values[3 * (row * width + column) + channel];
                var upper = At(rgb, left, top) * (1 - dx) + At(rgb, right, top) * dx;
                var lower = At(rgb, left, bottom) * (1 - dx) + At(rgb, right, bottom) * dx;
                result[3 * i + channel] = (byte)(upper * (1 - dy) + lower * dy + 0.5f);
            }
        }

        return Picture.Owning(width, height, result);
    }

    /// <summary>width · height numbers from 0 to 1 that change over about 256 pixels.</summary>
    private static float[] SmoothNoise(Random random, int width, int height)
    {
        var (cellsX, cellsY) = (width / FlowCell + 2, height / FlowCell + 2);
        float[] cells = [.. Enumerable.Range(0, cellsX * cellsY).Select(_ => random.NextSingle())];
        var (wide, high) = (width + 2 * FlowCell, height + 2 * FlowCell);
        var field = Resampling.Resize(cells, cellsX, cellsY, 1, wide, high, Interpolation.Cubic);
        var noise = new float[width * height];
        for (var y = 0; y < height; y++)
        {
            field.AsSpan((y + FlowCell) * wide + FlowCell, width).CopyTo(noise.AsSpan(y * width));
        }

        var (least, most) = (noise.Min(), noise.Max());
        var range = most > least ? most - least : 1;
        return Array.ConvertAll(noise, value => (value - least) / range);
    }
}
