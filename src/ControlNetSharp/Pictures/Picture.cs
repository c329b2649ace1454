namespace ControlNetSharp.Pictures;

/// <summary>
/// A decoded picture: 8-bit RGB, row by row from the top, three bytes a pixel. It never changes once it is made.
/// </summary>
public sealed class Picture
{
    private readonly byte[] _rgb;

    /// <summary>A picture of its own copy of the pixels.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="rgb">width · height · 3 bytes.</param>
    /// <exception cref="ArgumentException">A size below 1, or another number of bytes.</exception>
    public Picture(int width, int height, ReadOnlySpan<byte> rgb)
        : this(rgb.ToArray(), width, height) { }

    private Picture(byte[] rgb, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (rgb.LongLength != 3L * width * height)
        {
            throw new ArgumentException(
                $"A picture of {width} x {height} needs {3L * width * height} bytes; there are {rgb.LongLength}.",
                nameof(rgb)
            );
        }

        (Width, Height, _rgb) = (width, height, rgb);
    }

    /// <summary>Pixels a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The pixels: red, green, blue of each, 0 to 255.</summary>
    public ReadOnlySpan<byte> Rgb => _rgb;

    /// <summary>The pixels for whoever makes the picture, until it is handed on.</summary>
    internal Span<byte> Canvas => _rgb;

    /// <summary>A picture of a buffer that is its own from now on, without a copy.</summary>
    /// <inheritdoc cref="Picture(int, int, ReadOnlySpan{byte})"/>
    internal static Picture Owning(int width, int height, byte[] rgb) => new(rgb, width, height);

    /// <summary>A black picture to draw on.</summary>
    /// <inheritdoc cref="Picture(int, int, ReadOnlySpan{byte})"/>
    internal static Picture Black(int width, int height) => Owning(width, height, new byte[3 * width * height]);
}
