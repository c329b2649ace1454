using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Tells pictures that already are a hint from those that one is made of. An annotator sees next to nothing in a finished hint.</summary>
internal static class FinishedHint
{
    /// <summary>Up to here a pixel is dark, and the black ground of a drawing is darker than a photograph's.</summary>
    private const int DarkLevel = 64, GroundLevel = 24;

    /// <summary>Hues are told apart in twelfths of the circle; a skeleton has a colour of its own for every limb.</summary>
    private const int Hues = 12, LeastHues = 4;

    /// <summary>Channels up to which a grey picture or a colour of a palette differs after JPEG.</summary>
    private const int GreyLevels = 8, PaletteLevels = 24;

    /// <summary>How far a pixel of a depth map lies from the mean of its neighbours, and how many levels there are at least.</summary>
    private const int SmoothLevels = 2, LeastLevels = 16;

    /// <summary>About so many pixels are looked at where a sample tells enough.</summary>
    private const int Sample = 1 << 16;

    /// <summary>Whether a picture looks like a finished hint of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="picture">The picture. Borrowed.</param>
    public static bool IsOf(ConditionKind kind, Picture picture) => kind.Name switch
    {
        "pose" => IsSkeleton(picture),
        "depth" => IsDepth(picture),
        "normal" => HintLook.Of(picture).IsNormalMap,
        "segmentation" => IsOfPalette(picture),
        _ => HintCheck.IsOfLines(kind) && HintLook.Of(picture).IsLightOnDark,
    };

    /// <summary>Full colours of many hues, and white for faces, on black.</summary>
    private static bool IsSkeleton(Picture picture)
    {
        var (dark, ground, drawn, coloured) = (0, 0, 0, 0);
        var hues = new int[Hues];
        foreach (var (r, g, b) in Pixels(picture, 1))
        {
            var (least, most) = (Math.Min(r, Math.Min(g, b)), Math.Max(r, Math.Max(g, b)));
            if (most <= DarkLevel)
            {
                dark++;
                ground += most <= GroundLevel ? 1 : 0;
            }
            else if (3 * least <= most)
            {
                drawn++;
                coloured++;
                hues[(int)(Hue(r, g, b) * Hues) % Hues]++;
            }
            else
            {
                drawn += least >= 255 - DarkLevel ? 1 : 0;
            }
        }

        var lit = picture.Width * picture.Height - dark;
        return dark >= lit && ground >= 0.9 * dark && drawn >= 0.8 * lit && coloured >= 0.3 * lit && hues.Count(hue => hue > 0.02 * coloured) >= LeastHues;
    }

    /// <summary>Smooth grey of many levels: the grain of a photograph without colour differs from pixel to pixel.</summary>
    private static bool IsDepth(Picture picture)
    {
        if (Pixels(picture, Step(picture)).Any(pixel => Math.Max(pixel.R, Math.Max(pixel.G, pixel.B)) - Math.Min(pixel.R, Math.Min(pixel.G, pixel.B)) > GreyLevels))
        {
            return false;
        }

        var (smooth, all, grey) = (0, 0, Greyscale.Of(picture));
        for (var i = picture.Width + 1; i < grey.Length - picture.Width - 1; i++)
        {
            var around = grey[i - 1] + grey[i + 1] + grey[i - picture.Width] + grey[i + picture.Width];
            smooth += Math.Abs(4 * grey[i] - around) <= 4 * SmoothLevels ? 1 : 0;
            all++;
        }

        return grey.Distinct().Count() >= LeastLevels && smooth >= 0.9 * all && !HintLook.Of(picture).IsDrawing;
    }

    /// <summary>Colours of ADE20K's palette, and black where nothing was labelled.</summary>
    private static bool IsOfPalette(Picture picture)
    {
        var palette = Enumerable.Range(0, Ade20kPalette.Count).Select(Ade20kPalette.ColourOf).ToList();
        var (labelled, known) = (0, 0);
        foreach (var (r, g, b) in Pixels(picture, Step(picture)))
        {
            if (Math.Max(r, Math.Max(g, b)) > GroundLevel)
            {
                labelled++;
                known += palette.Exists(colour => Math.Abs(colour.Red - r) <= PaletteLevels && Math.Abs(colour.Green - g) <= PaletteLevels && Math.Abs(colour.Blue - b) <= PaletteLevels) ? 1 : 0;
            }
        }

        return labelled > 0 && known >= 0.85 * labelled;
    }

    private static IEnumerable<(int R, int G, int B)> Pixels(Picture picture, int step)
    {
        for (var i = 0; i < picture.Rgb.Length; i += 3 * step)
        {
            yield return (picture.Rgb[i], picture.Rgb[i + 1], picture.Rgb[i + 2]);
        }
    }

    /// <summary>Pixels from one of the sample to the next: an odd number, so that not only some columns are seen.</summary>
    private static int Step(Picture picture) => picture.Width * picture.Height / Sample | 1;

    /// <summary>From 0 (red) to below 1.</summary>
    private static double Hue(int r, int g, int b)
    {
        var (most, range) = (Math.Max(r, Math.Max(g, b)), (double)(Math.Max(r, Math.Max(g, b)) - Math.Min(r, Math.Min(g, b))));
        var sixths = most == r ? (g - b) / range : most == g ? 2 + (b - r) / range : 4 + (r - g) / range;
        return (sixths + 6) / 6 % 1;
    }
}
