namespace ControlNetSharp.Pictures;

/// <summary>A decoded picture: 8-bit RGB, row by row from the top, three bytes a pixel.</summary>
public sealed class Picture
{
    /// <summary>Wraps <paramref name="rgb"/> without copying it.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="rgb">width · height · 3 bytes; owned by the picture from now on.</param>
    /// <exception cref="ArgumentException">A size below 1, or a buffer of another length.</exception>
    public Picture(int width, int height, byte[] rgb)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(rgb);
        if (rgb.LongLength != 3L * width * height)
        {
            throw new ArgumentException(
                $"A picture of {width} x {height} needs {3L * width * height} bytes; the buffer has {rgb.LongLength}.",
                nameof(rgb)
            );
        }

        (Width, Height, Rgb) = (width, height, rgb);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The pixels: red, green, blue of each, 0 to 255.</summary>
    public byte[] Rgb { get; }
}
