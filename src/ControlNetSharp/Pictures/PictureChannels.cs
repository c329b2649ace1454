namespace ControlNetSharp.Pictures;

/// <summary>The order of a picture's channels.</summary>
internal static class PictureChannels
{
    /// <summary>Exchanges red and blue, for pictures of programs that write BGR.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <returns>A new picture of the same size.</returns>
    public static Picture Swapped(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var rgb = picture.Rgb.ToArray();
        for (var i = 0; i < rgb.Length; i += 3)
        {
            (rgb[i], rgb[i + 2]) = (rgb[i + 2], rgb[i]);
        }

        return Picture.Owning(picture.Width, picture.Height, rgb);
    }
}
