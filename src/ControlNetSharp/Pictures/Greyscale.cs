namespace ControlNetSharp.Pictures;

/// <summary>Brightness of colours.</summary>
public static class Greyscale
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
}
