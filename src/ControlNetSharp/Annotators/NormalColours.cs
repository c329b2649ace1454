using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Surface directions as colours: red is left, green is up, blue is towards the viewer, from 0 for −1 to 255 for 1.
/// Source: the normal model of ControlNet 1.1
/// (lllyasviel/ControlNet-v1-1-nightly, README), whose annotator NormalBae colours so.
/// </summary>
internal static class NormalColours
{
    /// <summary>Paints directions.</summary>
    /// <param name="normalAt">
    /// The unit vector of a pixel, counted row by row: x right, y up, z towards the viewer.
    /// </param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    public static Picture Paint(Func<int, (float X, float Y, float Z)> normalAt, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(normalAt);
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < width * height; i++)
        {
            var (x, y, z) = normalAt(i);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = (Level(-x), Level(y), Level(z));
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>Reads a direction back.</summary>
    /// <param name="hint">A picture in these colours. Borrowed.</param>
    /// <param name="pixel">Counted row by row.</param>
    /// <returns>
    /// A unit vector: x right, y up, z towards the viewer; towards the viewer where the colour means none.
    /// </returns>
    public static (float X, float Y, float Z) DirectionAt(Picture hint, int pixel)
    {
        ArgumentNullException.ThrowIfNull(hint);
        float Component(int channel) => hint.Rgb[3 * pixel + channel] / 127.5f - 1;
        var (x, y, z) = (-Component(0), Component(1), Component(2));
        var length = MathF.Sqrt(x * x + y * y + z * z);
        return length > 0.01f ? (x / length, y / length, z / length) : (0, 0, 1);
    }

    private static byte Level(float component) => (byte)MathF.Round(Math.Clamp((component + 1) * 127.5f, 0, 255));
}
