using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Tells pictures that already are a hint from those that one is made of. An annotator sees next to nothing in a
/// finished hint.
/// </summary>
internal static class FinishedHint
{
    /// <summary>Up to here a pixel is dark, and the black ground of a drawing is darker than a photograph's.</summary>
    private const int DarkLevel = 64,
        GroundLevel = 24;

    /// <summary>Shares of a map of soft edges in which there is nothing, and a clear edge.</summary>
    private const double LeastNothing = 0.4,
        LeastBright = 0.01;
    private const int BrightLevel = 192;

    /// <summary>
    /// Hues are told apart in twelfths of the circle; a skeleton has a colour of its own for every limb.
    /// </summary>
    private const int Hues = 12,
        LeastHues = 4;

    /// <summary>Channels up to which a colour of a palette differs after JPEG, but near edges.</summary>
    private const int PaletteLevels = 6;
    private const double LeastOfPalette = 0.6;

    /// <summary>
    /// In a depth map hardly a pixel differs from the mean of its neighbours by more than this share of the map's
    /// range; in a photograph, made small so that its detail is one of pixels, a fifth do: 0.94 to 0.99 against 0.47 to
    /// 0.85.
    /// </summary>
    private const int SmoothSize = 256;
    private const double SmoothShare = 0.03,
        LeastSmooth = 0.93;

    /// <summary>About so many pixels are looked at where a sample tells enough.</summary>
    private const int Sample = 1 << 16;

    /// <summary>Whether a picture looks like a finished hint of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="picture">The picture. Borrowed.</param>
    public static bool IsOf(ConditionKind kind, Picture picture) =>
        kind.Name switch
        {
            "pose" => IsSkeleton(picture),
            "depth" => IsDepth(picture),
            "normal" => HintLook.Of(picture).IsNormalMap,
            "segmentation" => IsOfPalette(picture),
            "hed" => HintLook.HasLightLines(picture) || IsSoft(picture),
            _ => HintCheck.IsOfLines(kind) && HintLook.HasLightLines(picture),
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
        return dark >= lit
            && ground >= 0.9 * dark
            && drawn >= 0.8 * lit
            && coloured >= 0.3 * lit
            && hues.Count(hue => hue > 0.02 * coloured) >= LeastHues;
    }

    /// <summary>
    /// Soft edges can be broad; between them is nothing, which is rare in a photograph without colour.
    /// </summary>
    private static bool IsSoft(Picture picture)
    {
        var grey = Greyscale.Of(picture);
        return HintLook.IsGrey(picture)
            && grey.Count(level => level <= GroundLevel) >= LeastNothing * grey.Length
            && grey.Count(level => level >= BrightLevel) >= LeastBright * grey.Length;
    }

    /// <summary>Smooth grey that is no drawing.</summary>
    private static bool IsDepth(Picture picture) =>
        HintLook.IsGrey(picture)
        && !HintLook.HasOneColour(picture)
        && !HintLook.HasLightLines(picture)
        && Smoothness(picture) >= LeastSmooth;

    /// <summary>The share of pixels that are about as bright as their neighbours in the mean.</summary>
    private static double Smoothness(Picture picture)
    {
        var isLarge = Math.Min(picture.Width, picture.Height) > SmoothSize;
        var small = isLarge ? PictureResizing.ToResolution(picture, SmoothSize) : picture;
        var (grey, width) = (Greyscale.Of(small), small.Width);
        var levels = grey.Order().ToArray();
        var range = levels[^(1 + levels.Length / 50)] - levels[levels.Length / 50];
        var (smooth, all) = (0, Math.Max(1, grey.Length - 2 * width - 2));
        for (var i = width + 1; i < grey.Length - width - 1; i++)
        {
            var around = grey[i - 1] + grey[i + 1] + grey[i - width] + grey[i + width];
            smooth += Math.Abs(grey[i] - around / 4.0) <= Math.Max(1, SmoothShare * range) ? 1 : 0;
        }

        return (double)smooth / all;
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
                var isKnown = palette.Exists(colour =>
                    IsNear(colour.Red, r) && IsNear(colour.Green, g) && IsNear(colour.Blue, b)
                );
                known += isKnown ? 1 : 0;
            }
        }

        return labelled > 0 && known >= LeastOfPalette * labelled;

        static bool IsNear(int level, int of) => Math.Abs(level - of) <= PaletteLevels;
    }

    private static IEnumerable<(int R, int G, int B)> Pixels(Picture picture, int step)
    {
        for (var i = 0; i < picture.Rgb.Length; i += 3 * step)
        {
            yield return (picture.Rgb[i], picture.Rgb[i + 1], picture.Rgb[i + 2]);
        }
    }

    /// <summary>
    /// Pixels from one of the sample to the next: an odd number, so that not only some columns are seen.
    /// </summary>
    private static int Step(Picture picture) => picture.Width * picture.Height / Sample | 1;

    /// <summary>From 0 (red) to below 1.</summary>
    private static double Hue(int r, int g, int b)
    {
        var most = Math.Max(r, Math.Max(g, b));
        var range = (double)(most - Math.Min(r, Math.Min(g, b)));
        var sixths =
            most == r ? (g - b) / range
            : most == g ? 2 + (b - r) / range
            : 4 + (r - g) / range;
        return (sixths + 6) / 6 % 1;
    }
}
