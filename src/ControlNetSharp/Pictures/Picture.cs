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

    /// <summary>A rectangle of it, as a picture of its own.</summary>
    /// <param name="left">First column.</param>
    /// <param name="top">First row.</param>
    /// <param name="width">Columns, all of them inside.</param>
    /// <param name="height">Rows likewise.</param>
    internal Picture Part(int left, int top, int width, int height)
    {
        var part = GC.AllocateUninitializedArray<byte>(3 * width * height);
        for (var row = 0; row < height; row++)
        {
            Rgb.Slice(3 * ((top + row) * Width + left), 3 * width).CopyTo(part.AsSpan(3 * row * width));
        }

        return Owning(width, height, part);
    }

    /// <summary>Lays another picture over this one, for whoever makes it, until it is handed on.</summary>
    /// <param name="part">What is laid over it; all of it lies inside. Borrowed.</param>
    /// <param name="left">Where its first column goes.</param>
    /// <param name="top">Where its first row goes.</param>
    internal void Paste(Picture part, int left, int top)
    {
        for (var row = 0; row < part.Height; row++)
        {
            part.Rgb.Slice(3 * row * part.Width, 3 * part.Width)
                .CopyTo(Canvas[(3 * ((top + row) * Width + left))..]);
        }
    }

    /// <summary>A black picture to draw on.</summary>
    /// <inheritdoc cref="Picture(int, int, ReadOnlySpan{byte})"/>
    internal static Picture Black(int width, int height) => Owning(width, height, new byte[3 * width * height]);
}
