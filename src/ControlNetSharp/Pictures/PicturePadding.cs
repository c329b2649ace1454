namespace ControlNetSharp.Pictures;

/// <summary>
/// Fills pictures up to sizes that networks can take, and cuts what comes out. Source: resize_image_with_pad,
/// Mikubill/sd-webui-controlnet@56cec5b, which fills up in the same way.
/// </summary>
internal static class PicturePadding
{
    /// <summary>
    /// Repeats the last column and the last row until both sides are multiples of <paramref name="step"/>; a picture
    /// that needs nothing is returned itself.
    /// </summary>
    public static Picture ToMultipleOf(Picture picture, int step)
    {
        var (width, height) = (RoundedUp(picture.Width, step), RoundedUp(picture.Height, step));
        if ((width, height) == (picture.Width, picture.Height))
        {
            return picture;
        }

        var rgb = GC.AllocateUninitializedArray<byte>(checked(3 * width * height));
        for (var y = 0; y < height; y++)
        {
            var source = picture.Rgb.Slice(Math.Min(y, picture.Height - 1) * picture.Width * 3, picture.Width * 3);
            var row = rgb.AsSpan(y * width * 3, width * 3);
            source.CopyTo(row);
            for (var x = source.Length; x < row.Length; x += 3)
            {
                source[^3..].CopyTo(row[x..]);
            }
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>The upper left part of a picture; a picture that has the size already is returned itself.</summary>
    public static Picture Cut(Picture picture, int width, int height) =>
        (width, height) == (picture.Width, picture.Height) ? picture : Cut(picture, 0, 0, width, height);

    /// <summary>A part of a picture, which must lie inside of it.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="left">First column.</param>
    /// <param name="top">First row.</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public static Picture Cut(Picture picture, int left, int top, int width, int height)
    {
        var rgb = GC.AllocateUninitializedArray<byte>(3 * width * height);
        for (var y = 0; y < height; y++)
        {
            picture
                .Rgb.Slice(3 * ((top + y) * picture.Width + left), 3 * width)
                .CopyTo(rgb.AsSpan(3 * y * width));
        }

        return Picture.Owning(width, height, rgb);
    }

    private static int RoundedUp(int side, int step) => checked((side + step - 1) / step * step);
}
