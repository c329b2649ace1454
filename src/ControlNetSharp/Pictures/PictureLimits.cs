namespace ControlNetSharp.Pictures;

/// <summary>What a picture from outside may cost. Both limits are checked before anything is decoded.</summary>
public sealed record PictureLimits
{
    /// <summary>8192 x 8192 pixels and 128 MiB.</summary>
    public static PictureLimits Default { get; } = new();

    /// <summary>
    /// Width times height, from 1 to 500 000 000 (decoding takes 7 bytes a pixel). Default 67 108 864.
    /// </summary>
    public long MaxPixels { get; init; } = 8192L * 8192;

    /// <summary>Bytes of the encoded file, from 1 to 2 000 000 000. Default 134 217 728.</summary>
    public long MaxFileBytes { get; init; } = 128L << 20;

    internal PictureLimits Checked()
    {
        Check(MaxPixels, 500_000_000, nameof(MaxPixels));
        Check(MaxFileBytes, 2_000_000_000, nameof(MaxFileBytes));
        return this;
    }

    /// <summary>Refuses sizes over the limit before anything of that size is made.</summary>
    internal (int Width, int Height) CheckedSize(long width, long height, string name) =>
        width < 1 || height < 1
            ? throw new PictureException(name, $"the header says {width} x {height} pixels; both must be at least 1.")
        : width > MaxPixels / height
            ? throw new PictureException(
                name,
                $"the map has {width} x {height} pixels; at most {MaxPixels} are allowed."
            )
        : ((int)width, (int)height);

    private static void Check(long value, long max, string name)
    {
        if (value < 1 || value > max)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from 1 to {max}.");
        }
    }
}
