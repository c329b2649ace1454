namespace ControlNetSharp.Pictures;

/// <summary>Brightness of colours, and pictures of brightness.</summary>
internal static class Greyscale
{
    /// <summary>0.299 R + 0.587 G + 0.114 B in OpenCV's fixed-point weights of 15 bits, rounded half up.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <returns>width · height bytes, row by row.</returns>
    public static byte[] Of(Picture picture)
    {
        var grey = new byte[picture.Width * picture.Height];
        var rgb = picture.Rgb;
        for (int i = 0, from = 0; i < grey.Length; i++, from += 3)
        {
            grey[i] = (byte)((9798 * rgb[from] + 19235 * rgb[from + 1] + 3735 * rgb[from + 2] + (1 << 14)) >> 15);
        }

        return grey;
    }

    /// <summary>The picture whose three channels all are this one.</summary>
    /// <param name="grey">width · height bytes, row by row. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    internal static Picture ToPicture(ReadOnlySpan<byte> grey, int width, int height)
    {
        var rgb = GC.AllocateUninitializedArray<byte>(3 * grey.Length);
        for (var i = 0; i < grey.Length; i++)
        {
            rgb.AsSpan(3 * i, 3).Fill(grey[i]);
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>Bytes from what a network gives: clamped to 0..255, fractions dropped.</summary>
    /// <param name="levels">Nominally 0..255. Borrowed.</param>
    /// <exception cref="NotANumberException">A value is not a number.</exception>
    internal static byte[] FromLevels(ReadOnlySpan<float> levels)
    {
        var grey = GC.AllocateUninitializedArray<byte>(levels.Length);
        for (var i = 0; i < grey.Length; i++)
        {
            if (float.IsNaN(levels[i]))
            {
                throw new NotANumberException(
                    $"The network gave values that are not numbers (first at pixel {i} of {levels.Length})."
                );
            }

            grey[i] = (byte)Math.Clamp(levels[i], 0f, 255f);
        }

        return grey;
    }
}
