using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training;

/// <summary>Sample pictures in one PNG: a column for each, hint above, picture below.</summary>
internal static class SampleSheet
{
    private const int Gap = 4;

    /// <summary>Writes the sheet; its folder is made if need be.</summary>
    public static void Write(string file, IEnumerable<(Picture Hint, Picture Picture)> samples)
    {
        var columns = samples.ToList();
        var width = columns.Sum(column => column.Picture.Width + Gap) - Gap;
        var height = 2 * columns.Max(column => column.Picture.Height) + Gap;
        var rgb = new byte[3 * width * height];
        Array.Fill(rgb, (byte)255);
        var x = 0;
        foreach (var (hint, picture) in columns)
        {
            Paste(rgb, width, hint, x, 0);
            Paste(rgb, width, picture, x, (height - Gap) / 2 + Gap);
            x += picture.Width + Gap;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        PictureWriter.WritePng(file, new Picture(width, height, rgb));
    }

    private static void Paste(byte[] rgb, int width, Picture picture, int left, int top)
    {
        for (var row = 0; row < picture.Height; row++)
        {
            picture.Rgb.AsSpan(3 * row * picture.Width, 3 * picture.Width).CopyTo(rgb.AsSpan(3 * ((top + row) * width + left)));
        }
    }
}
