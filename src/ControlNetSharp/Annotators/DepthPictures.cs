using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Hints from maps of inverse depth (near is large). Source: annotator/midas/__init__.py, MidasDetector,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal static class DepthPictures
{
    /// <summary>
    /// Grey from black (farthest) to white (nearest), stretched to the whole range and truncated to bytes.
    /// </summary>
    /// <param name="inverseDepth">width · height finite values, row by row, near is large.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <returns>The depth hint; black where all values are equal.</returns>
    /// <exception cref="ArgumentException">Another number of values.</exception>
    /// <exception cref="NotANumberException">A value is not finite.</exception>
    public static Picture Depth(ReadOnlySpan<float> inverseDepth, int width, int height)
    {
        var shares = Shares(inverseDepth, width, height);
        var rgb = new byte[3 * shares.Length];
        for (var i = 0; i < shares.Length; i++)
        {
            rgb.AsSpan(3 * i, 3).Fill((byte)Math.Clamp(shares[i] * 255f, 0, 255));
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>
    /// Surface directions (dx, dy, strength), scaled to length 1 and laid into bytes as 127.5 + 127.5 · component,
    /// where dx and dy are Sobel's derivatives of inverse depth.
    /// </summary>
    /// <param name="inverseDepth">width · height finite values, row by row, near is large.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="strength">
    /// The length of the component towards the viewer before scaling, above 0: the smaller, the steeper the surfaces.
    /// The original's is 2π.
    /// </param>
    /// <param name="threshold">
    /// Where inverse depth, stretched to 0..1, is below this, the surface counts as background that faces the viewer.
    /// </param>
    /// <param name="bgr">
    /// The order of the channels. The original computes x, y, z and then feeds the picture to the ControlNet with its
    /// channels reversed (gradio_normal2image.py), so that <c>control_sd15_normal</c> was trained with
    /// red = z, green = y, blue = x: true gives this. False leaves red = x, green = y, blue = z, as the original shows
    /// it.
    /// </param>
    /// <returns>The normal hint.</returns>
    /// <exception cref="ArgumentException">Another number of values, or a strength of 0 or less.</exception>
    /// <exception cref="NotANumberException">A value is not finite.</exception>
    public static Picture Normals(
        ReadOnlySpan<float> inverseDepth,
        int width,
        int height,
        double strength = 2 * Math.PI,
        double threshold = 0.4,
        bool bgr = true
    )
    {
        if (!(strength > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(strength), strength, "strength must be above 0.");
        }

        var shares = Shares(inverseDepth, width, height);
        var (dx, dy) = Sobel(inverseDepth, width, height);
        var rgb = new byte[3 * shares.Length];
        var z = (float)strength;
        for (var i = 0; i < shares.Length; i++)
        {
            var (x, y) = shares[i] < (float)threshold ? (0f, 0f) : (dx[i], dy[i]);
            var length = MathF.Sqrt(x * x + y * y + z * z);
            var (red, blue) = bgr ? (z, x) : (x, z);
            (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = (
                Level(red / length),
                Level(y / length),
                Level(blue / length)
            );
        }

        return Picture.Owning(width, height, rgb);

        static byte Level(float component) => (byte)Math.Clamp(component * 127.5f + 127.5f, 0, 255);
    }

    /// <summary>
    /// Sobel's derivatives with kernels of 3 x 3, not scaled; the border is mirrored without its own pixel (cv2.Sobel).
    /// </summary>
    internal static (float[] Dx, float[] Dy) Sobel(ReadOnlySpan<float> map, int width, int height)
    {
        var (dx, dy) = (new float[map.Length], new float[map.Length]);
        for (var y = 0; y < height; y++)
        {
            var (above, here, below) = (Mirrored(y - 1, height) * width, y * width, Mirrored(y + 1, height) * width);
            for (var x = 0; x < width; x++)
            {
                var (left, right) = (Mirrored(x - 1, width), Mirrored(x + 1, width));
                dx[here + x] =
                    map[above + right]
                    - map[above + left]
                    + 2 * (map[here + right] - map[here + left])
                    + (map[below + right] - map[below + left]);
                dy[here + x] =
                    map[below + left]
                    - map[above + left]
                    + 2 * (map[below + x] - map[above + x])
                    + (map[below + right] - map[above + right]);
            }
        }

        return (dx, dy);

        static int Mirrored(int i, int length) =>
            length == 1 ? 0
            : i < 0 ? 1
            : i == length ? length - 2
            : i;
    }

    /// <summary>Stretched to 0..1; 0 where all values are equal.</summary>
    private static float[] Shares(ReadOnlySpan<float> map, int width, int height)
    {
        if (map.Length != (long)width * height)
        {
            throw new ArgumentException(
                $"A map of {width} x {height} has {(long)width * height} values, not {map.Length}.",
                nameof(map)
            );
        }

        var (min, max) = (float.PositiveInfinity, float.NegativeInfinity);
        for (var i = 0; i < map.Length; i++)
        {
            if (!float.IsFinite(map[i]))
            {
                throw new NotANumberException(
                    $"The depth has values that are not finite numbers (first at row {i / width}, column {i % width})."
                );
            }

            (min, max) = (Math.Min(min, map[i]), Math.Max(max, map[i]));
        }

        var shares = new float[map.Length];
        for (var i = 0; i < map.Length && max > min; i++)
        {
            shares[i] = (map[i] - min) / (max - min);
        }

        return shares;
    }
}
