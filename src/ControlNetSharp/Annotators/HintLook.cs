using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>What a hint looks like, as far as polarity and channel order can be told from its pixels.</summary>
/// <param name="Coloured">The share of pixels that have a colour.</param>
/// <param name="Dark">The share of pixels that are dark.</param>
/// <param name="IsBlank">All pixels have one colour.</param>
/// <param name="IsLightOnDark">
/// Thin light lines on a dark ground, without colour: as the ControlNets for lines want them.
/// </param>
/// <param name="IsDarkOnLight">Thin dark lines on a light ground, without colour.</param>
/// <param name="IsNormalMap">
/// Its colours are unit vectors, but for a sky or ground without direction: black, white or middle grey.
/// </param>
/// <param name="MeanRed">Mean of the red component of these vectors, −1 to 1, where something was seen.</param>
/// <param name="MeanBlue">
/// Mean of the blue one; visible surfaces look towards the viewer, so that it is well above 0 where blue is the axis to
/// the viewer.
/// </param>
/// <param name="AwayBlue">
/// The share of the pixels with a direction whose blue component points away from the viewer.
/// </param>
internal sealed record HintLook(
    double Coloured,
    double Dark,
    bool IsBlank,
    bool IsLightOnDark,
    bool IsDarkOnLight,
    bool IsNormalMap,
    double MeanRed,
    double MeanBlue,
    double AwayBlue
)
{
    private const int BlankLevels = 8;
    private const int ColourLevels = 32;
    private const byte LightLevel = 192,
        DarkLevel = 64;

    /// <summary>A drawing is mostly ground, has some lines, and these are thin.</summary>
    private const double LeastGround = 0.6,
        LeastLines = 0.001,
        LeastThin = 0.8;

    /// <summary>Lines of a network are grey towards their ends, and some of them are broad.</summary>
    private const byte SoftLevel = 96;
    private const double LeastSoftThin = 0.6;

    /// <summary>The share of pixels with a colour up to which a picture counts as grey: JPEG's doing.</summary>
    private const double MostColoured = 0.02;

    /// <summary>
    /// How far a vector's length may be from 1, and the share of pixels that must keep to it. A picture's pixels do so
    /// by chance in about a third of all places.
    /// </summary>
    private const double UnitLength = 0.15,
        LeastUnit = 0.85;

    /// <summary>
    /// How far such a sky's levels may be from black, white and middle grey, and the share of pixels that must be no
    /// sky.
    /// </summary>
    private const int SkyLevels = 8;
    private const double LeastDirected = 0.05;

    public bool IsDrawing => IsLightOnDark || IsDarkOnLight;

    public static HintLook Of(Picture hint)
    {
        var (count, directed, unit, coloured, dark, away) = (hint.Rgb.Length / 3, 0, 0, 0, 0, 0);
        double red = 0,
            blue = 0;
        for (var i = 0; i < hint.Rgb.Length; i += 3)
        {
            var (r, g, b) = (hint.Rgb[i], hint.Rgb[i + 1], hint.Rgb[i + 2]);
            coloured += Range(r, g, b) > ColourLevels ? 1 : 0;
            dark += Math.Max(r, Math.Max(g, b)) <= DarkLevel ? 1 : 0;
            if (!IsSky(r, g, b))
            {
                var (x, y, z) = (r / 127.5f - 1, g / 127.5f - 1, b / 127.5f - 1);
                directed++;
                unit += Math.Abs(MathF.Sqrt(x * x + y * y + z * z) - 1) <= UnitLength ? 1 : 0;
                away += z < -UnitLength ? 1 : 0;
                (red, blue) = (red + x, blue + z);
            }
        }

        var isBlank = HasOneColour(hint);
        byte[] grey = coloured > MostColoured * count || isBlank ? [] : Greyscale.Of(hint);
        return new HintLook(
            (double)coloured / count,
            (double)dark / count,
            isBlank,
            IsThinOn(grey, hint.Width, level => level <= DarkLevel, level => level >= LightLevel, LeastThin),
            IsThinOn(grey, hint.Width, level => level >= LightLevel, level => level <= DarkLevel, LeastThin),
            !isBlank && directed >= LeastDirected * count && unit >= LeastUnit * directed,
            red / Math.Max(1, directed),
            blue / Math.Max(1, directed),
            (double)away / Math.Max(1, directed)
        );
    }

    private static bool IsSky(byte r, byte g, byte b)
    {
        var (least, most) = (Math.Min(r, Math.Min(g, b)), Math.Max(r, Math.Max(g, b)));
        return most <= SkyLevels || least >= 255 - SkyLevels || (least >= 128 - SkyLevels && most <= 128 + SkyLevels);
    }

    /// <summary>Whether all pixels have one colour, but for the noise that JPEG makes.</summary>
    public static bool HasOneColour(Picture picture)
    {
        Span<byte> least = [255, 255, 255],
            most = [0, 0, 0];
        for (var i = 0; i < picture.Rgb.Length; i++)
        {
            least[i % 3] = Math.Min(least[i % 3], picture.Rgb[i]);
            most[i % 3] = Math.Max(most[i % 3], picture.Rgb[i]);
        }

        return Math.Max(most[0] - least[0], Math.Max(most[1] - least[1], most[2] - least[2])) <= BlankLevels;
    }

    /// <summary>Whether there are light lines, soft ones too, on a dark ground without colour.</summary>
    public static bool HasLightLines(Picture picture) =>
        IsGrey(picture)
        && IsThinOn(
            Greyscale.Of(picture),
            picture.Width,
            level => level <= DarkLevel,
            level => level >= SoftLevel,
            LeastSoftThin
        );

    /// <summary>Whether a picture has no colours, but for those that JPEG makes.</summary>
    public static bool IsGrey(Picture picture)
    {
        var coloured = 0;
        for (var i = 0; i < picture.Rgb.Length; i += 3)
        {
            coloured += Range(picture.Rgb[i], picture.Rgb[i + 1], picture.Rgb[i + 2]) > ColourLevels ? 1 : 0;
        }

        return coloured <= MostColoured * (picture.Rgb.Length / 3);
    }

    private static int Range(byte r, byte g, byte b) => Math.Max(r, Math.Max(g, b)) - Math.Min(r, Math.Min(g, b));

    /// <summary>
    /// Whether most of a picture is ground, and most of its lines have ground near them on two opposite sides.
    /// </summary>
    private static bool IsThinOn(
        byte[] grey,
        int width,
        Func<byte, bool> isGround,
        Func<byte, bool> isLine,
        double leastThin
    )
    {
        var height = grey.Length / width;
        var reach = Math.Max(3, Math.Max(width, height) / 32);
        var (ground, lines, thin) = (grey.Count(isGround), 0, 0);
        if (ground < LeastGround * grey.Length)
        {
            return false;
        }

        bool Near(int x, int y, int dx, int dy)
        {
            for (var step = 1; step <= reach; step++)
            {
                var (u, v) = (x + step * dx, y + step * dy);
                if (u < 0 || u >= width || v < 0 || v >= height || isGround(grey[v * width + u]))
                {
                    return true;
                }
            }

            return false;
        }

        for (var i = 0; i < grey.Length; i++)
        {
            if (isLine(grey[i]))
            {
                var (x, y) = (i % width, i / width);
                lines++;
                thin += (Near(x, y, -1, 0) && Near(x, y, 1, 0)) || (Near(x, y, 0, -1) && Near(x, y, 0, 1)) ? 1 : 0;
            }
        }

        return lines > 0 && lines >= LeastLines * grey.Length && thin >= leastThin * lines;
    }
}
