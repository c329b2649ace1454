using ControlNetSharp.Pictures;

namespace ControlNetSharp.Tests.Pictures;

/// <summary>Small pictures with something to see in them.</summary>
internal static class TestPictures
{
    /// <summary>Noise with a seed: no two pixels are likely to be alike.</summary>
    public static Picture Noise(int width, int height, int seed = 1)
    {
        var rgb = new byte[3 * width * height];
        new Random(seed).NextBytes(rgb);
        return new Picture(width, height, rgb);
    }

    /// <summary>A white square in the middle of a black picture.</summary>
    public static Picture Square(int width, int height) => Of(width, height, (x, y) => Math.Abs(2 * x - width) < width / 2 && Math.Abs(2 * y - height) < height / 2 ? (255, 255, 255) : (0, 0, 0));

    public static Picture Of(int width, int height, Func<int, int, (int R, int G, int B)> colour)
    {
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < width * height; i++)
        {
            var (r, g, b) = colour(i % width, i / width);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = ((byte)r, (byte)g, (byte)b);
        }

        return new Picture(width, height, rgb);
    }

    public static (int R, int G, int B) At(this Picture picture, int x, int y)
    {
        var i = 3 * (y * picture.Width + x);
        return (picture.Rgb[i], picture.Rgb[i + 1], picture.Rgb[i + 2]);
    }
}
