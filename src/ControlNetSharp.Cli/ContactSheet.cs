using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary>Pictures of one size side by side in rows, as nearly square as they come.</summary>
internal static class ContactSheet
{
    private const int Gap = 8;

    /// <summary>Puts pictures together, row by row, on white.</summary>
    /// <exception cref="ArgumentException">There is none, or they differ in size.</exception>
    public static Picture Of(IReadOnlyList<Picture> pictures)
    {
        if (pictures.Count == 0 || pictures.Any(picture => (picture.Width, picture.Height) != (pictures[0].Width, pictures[0].Height)))
        {
            throw new ArgumentException("A sheet takes one picture or more, all of one size.", nameof(pictures));
        }

        var (width, height) = (pictures[0].Width, pictures[0].Height);
        var columns = (int)Math.Ceiling(Math.Sqrt(pictures.Count));
        var rows = (pictures.Count + columns - 1) / columns;
        var stride = columns * (width + Gap) - Gap;
        var rgb = new byte[3 * stride * (rows * (height + Gap) - Gap)];
        Array.Fill(rgb, byte.MaxValue);
        foreach (var (index, picture) in pictures.Index())
        {
            var (left, top) = (index % columns * (width + Gap), index / columns * (height + Gap));
            for (var row = 0; row < height; row++)
            {
                picture.Rgb.AsSpan(3 * row * width, 3 * width).CopyTo(rgb.AsSpan(3 * ((top + row) * stride + left)));
            }
        }

        return new Picture(stride, rgb.Length / 3 / stride, rgb);
    }
}
