using SkiaSharp;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Reads PNG, JPEG, WebP, GIF (first frame) and BMP into upright 8-bit RGB. EXIF orientation is applied; transparency is laid over white and truncated to a byte, as the original
/// ControlNet does (annotator/util.py, HWC3, lllyasviel/ControlNet@ed85cd1); grey and palette pictures become RGB; of 16-bit samples the high byte counts; CMYK is converted. Colour profiles are not applied, as in the original.
/// </summary>
public static class PictureReader
{
    /// <summary>Reads a picture file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">The file is missing, unreadable, not a picture, damaged, truncated, or over a limit.</exception>
    public static Picture Read(string path, PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(stream, path, limits);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(path, "the file does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(path, Directory.Exists(path) ? "is a folder, not a picture." : $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a picture from the rest of a stream, which stays open.</summary>
    /// <param name="stream">At most <see cref="PictureLimits.MaxFileBytes"/> and one byte are read from it.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Not a picture, damaged, truncated, or over a limit.</exception>
    public static Picture Read(Stream stream, string name = "picture", PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        if (stream.CanSeek && stream.Length - stream.Position > limits.MaxFileBytes)
        {
            throw TooManyBytes(name, limits);
        }

        using var bytes = new MemoryStream();
        var block = new byte[1 << 16];
        for (int read; (read = stream.Read(block)) > 0;)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > limits.MaxFileBytes)
            {
                throw TooManyBytes(name, limits);
            }
        }

        return Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, limits);
    }

    /// <summary>Reads a picture from the bytes of its file.</summary>
    /// <param name="bytes">The whole encoded file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Not a picture, damaged, truncated, or over a limit.</exception>
    public static Picture Read(ReadOnlySpan<byte> bytes, string name = "picture", PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        if (bytes.Length > limits.MaxFileBytes)
        {
            throw TooManyBytes(name, limits);
        }

        var format = PictureSignature.FormatOf(bytes) ?? throw new PictureException(name, PictureSignature.WhyNot(bytes));
        var png = PngHeader.TryRead(bytes);
        if (png is { } header)
        {
            // Our own look at the header: Skia wants more of the file before it tells the size.
            CheckSize(header.Width, header.Height, name, limits);
        }

        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw new PictureException(name, $"the {format} file is truncated or damaged: its header cannot be read.");
        CheckSize(codec.Info.Width, codec.Info.Height, name, limits);
        var rgba = Decode(codec, format, name);
        return Upright(rgba, codec.Info.Width, codec.Info.Height, codec.EncodedOrigin);
    }

    private static PictureException TooManyBytes(string name, PictureLimits limits) =>
        new(name, $"the file is larger than the allowed {limits.MaxFileBytes} bytes.");

    private static void CheckSize(long width, long height, string name, PictureLimits limits)
    {
        if (width < 1 || height < 1)
        {
            throw new PictureException(name, $"the header says {width} x {height} pixels; both must be at least 1.");
        }

        if (width > limits.MaxPixels / height)
        {
            throw new PictureException(name, $"the picture has {width} x {height} pixels; at most {limits.MaxPixels} are allowed.");
        }
    }

    /// <summary>All rows as bytes R, G, B, A with colours that are not multiplied by alpha; a partly decoded picture is an error.</summary>
    private static unsafe byte[] Decode(SKCodec codec, string format, string name)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        // No colour space: samples arrive as they are stored.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        var rgba = GC.AllocateUninitializedArray<byte>(checked(4 * width * height));
        SKCodecResult result;
        fixed (byte* pixels = rgba)
        {
            result = codec.GetPixels(info, (nint)pixels);
        }

        return result switch
        {
            SKCodecResult.Success => rgba,
            SKCodecResult.IncompleteInput => throw new PictureException(name, $"the {format} file is truncated: its pixels end before the last row."),
            SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => throw new PictureException(name, $"the {format} file is damaged."),
            _ => throw new PictureException(name, $"this kind of {format} file cannot be decoded ({result})."),
        };
    }

    /// <summary>Turns and mirrors as the EXIF orientation says, and lays transparent pixels over white.</summary>
    private static Picture Upright(byte[] rgba, int width, int height, SKEncodedOrigin origin)
    {
        var (row, last) = (width, width * height - 1);
        // The stored pixel that comes to the upper left corner, and the stored steps of one pixel to the right and one down.
        var (first, right, down) = origin switch
        {
            SKEncodedOrigin.TopRight => (width - 1, -1, row),
            SKEncodedOrigin.BottomRight => (last, -1, -row),
            SKEncodedOrigin.BottomLeft => (last - width + 1, 1, -row),
            SKEncodedOrigin.LeftTop => (0, row, 1),
            SKEncodedOrigin.RightTop => (last - width + 1, -row, 1),
            SKEncodedOrigin.RightBottom => (last, -row, -1),
            SKEncodedOrigin.LeftBottom => (width - 1, row, -1),
            _ => (0, 1, row),
        };
        var (uprightWidth, uprightHeight) = origin >= SKEncodedOrigin.LeftTop ? (height, width) : (width, height);
        var rgb = GC.AllocateUninitializedArray<byte>(3 * width * height);
        var to = 0;
        for (var y = 0; y < uprightHeight; y++)
        {
            var from = first + y * down;
            for (var x = 0; x < uprightWidth; x++, from += right, to += 3)
            {
                var pixel = rgba.AsSpan(4 * from, 4);
                if (pixel[3] == 255)
                {
                    pixel[..3].CopyTo(rgb.AsSpan(to));
                }
                else
                {
                    OverWhite(pixel, rgb.AsSpan(to, 3));
                }
            }
        }

        return new Picture(uprightWidth, uprightHeight, rgb);
    }

    /// <summary>In float32 and truncated, so that the bytes are those of the original's NumPy code.</summary>
    private static void OverWhite(ReadOnlySpan<byte> rgba, Span<byte> rgb)
    {
        var alpha = rgba[3] / 255f;
        var white = 255f * (1f - alpha);
        for (var channel = 0; channel < 3; channel++)
        {
            var sum = rgba[channel] * alpha + white;
            rgb[channel] = (byte)Math.Min(sum, 255f);
        }
    }
}
