namespace ControlNetSharp.Pictures;

/// <summary>Pictures side by side in rows, on white.</summary>
public static class PictureSheet
{
    /// <summary>
    /// Puts pictures together, row by row; each cell has the size of the largest one, and a smaller one lies in its
    /// upper left corner.
    /// </summary>
    /// <param name="pictures">At least one. Borrowed.</param>
    /// <param name="columns">Pictures a row, at least 1.</param>
    /// <param name="gap">Pixels between two cells, 0 or more.</param>
    /// <exception cref="ArgumentException">There is no picture, or a number is out of its range.</exception>
    public static Picture Of(IReadOnlyList<Picture> pictures, int columns, int gap)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(gap);
        if (pictures.Count == 0)
        {
            throw new ArgumentException("A sheet takes one picture or more.", nameof(pictures));
        }

        var (width, height) = (pictures.Max(picture => picture.Width), pictures.Max(picture => picture.Height));
        var rows = (pictures.Count + columns - 1) / columns;
        var stride = columns * (width + gap) - gap;
        var rgb = new byte[3 * stride * (rows * (height + gap) - gap)];
        Array.Fill(rgb, byte.MaxValue);
        foreach (var (index, picture) in pictures.Index())
        {
            var (left, top) = (index % columns * (width + gap), index / columns * (height + gap));
            for (var row = 0; row < picture.Height; row++)
            {
                picture
                    .Rgb.Slice(3 * row * picture.Width, 3 * picture.Width)
                    .CopyTo(rgb.AsSpan(3 * ((top + row) * stride + left)));
            }
        }

        return Picture.Owning(stride, rgb.Length / 3 / stride, rgb);
    }
}
