using SkiaSharp;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Reads PNG, JPEG, WebP, GIF (first frame) and BMP into upright 8-bit RGB. EXIF orientation is applied; transparency
/// is laid over white and truncated to a byte, as the original
/// ControlNet does (annotator/util.py, HWC3, lllyasviel/ControlNet@ed85cd1); grey and palette pictures become RGB; of
/// 16-bit samples the high byte counts; CMYK is converted. Colour profiles are not applied, as in the original.
/// </summary>
public static class PictureReader
{
    /// <summary>Reads a picture file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">
    /// The file is missing, unreadable, not a picture, damaged, truncated, or over a limit.
    /// </exception>
    public static Picture Read(string path, PictureLimits? limits = null) => Read(path, limits, OverWhite);

    /// <summary>
    /// Reads a mask file. Where it has transparency, what was painted is what counts, in whatever colour: alpha is the
    /// mask, from black for 0 to white for 255. A file without, or opaque all over, is read as any picture.
    /// Source: stable-diffusion-webui, processing.py, create_binary_mask (behaviour).
    /// </summary>
    /// <inheritdoc cref="Read(string, PictureLimits?)" path="/param|/exception"/>
    public static Picture ReadMask(string path, PictureLimits? limits = null) => Read(path, limits, AsMask);

    /// <inheritdoc cref="ReadMask(string, PictureLimits?)" path="/summary"/>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    public static Picture ReadMask(ReadOnlySpan<byte> bytes, string name = "mask", PictureLimits? limits = null) =>
        Read(bytes, name, limits, AsMask);

    /// <summary>
    /// What is transparent, white for all of it: the opposite of a mask by paint. Black all over for a file without
    /// transparency.
    /// </summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static Picture ReadTransparency(
        ReadOnlySpan<byte> bytes,
        string name = "mask",
        PictureLimits? limits = null
    ) =>
        Read(
            bytes,
            name,
            limits,
            rgba => [.. rgba.Chunk(4).SelectMany(pixel => Enumerable.Repeat((byte)(255 - pixel[3]), 3))]
        );

    /// <summary>
    /// A picture's colours as they are stored, whatever their transparency, and this as grey levels, white for opaque;
    /// null where all of it is opaque.
    /// </summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static (Picture Colours, Picture? Alpha) ReadWithAlpha(
        ReadOnlySpan<byte> bytes,
        string name = "picture",
        PictureLimits? limits = null
    )
    {
        var alpha = Read(bytes, name, limits, rgba => Selected(rgba, [3, 3, 3]));
        return alpha.Rgb.ContainsAnyExcept(byte.MaxValue)
            ? (Read(bytes, name, limits, rgba => Selected(rgba, [0, 1, 2])), alpha)
            : (Read(bytes, name, limits), null);
    }

    private static byte[] Selected(byte[] rgba, ReadOnlySpan<int> samples)
    {
        var rgb = GC.AllocateUninitializedArray<byte>(rgba.Length / 4 * 3);
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
        {
            for (var channel = 0; channel < 3; channel++)
            {
                rgb[to + channel] = rgba[from + samples[channel]];
            }
        }

        return rgb;
    }

    /// <summary>Reads a picture from the rest of a stream, which stays open.</summary>
    /// <param name="stream">At most <see cref="PictureLimits.MaxFileBytes"/> and one byte are read from it.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Not a picture, damaged, truncated, or over a limit.</exception>
    public static Picture Read(Stream stream, string name = "picture", PictureLimits? limits = null) =>
        Read(stream, name, limits, OverWhite);

    /// <summary>Reads a picture from the bytes of its file.</summary>
    /// <param name="bytes">The whole encoded file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Not a picture, damaged, truncated, or over a limit.</exception>
    public static Picture Read(ReadOnlySpan<byte> bytes, string name = "picture", PictureLimits? limits = null) =>
        Read(bytes, name, limits, OverWhite);

    /// <summary>A frame of an animation, whole, as it is seen; of other files there is one, 0.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static Picture ReadFrame(ReadOnlySpan<byte> bytes, string name, int frame) =>
        Read(bytes, name, null, OverWhite, frame);

    /// <summary>The same as a mask.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static Picture ReadMaskFrame(ReadOnlySpan<byte> bytes, string name, int frame) =>
        Read(bytes, name, null, AsMask, frame);

    /// <summary>How many frames a file has: 1 where it is no animation.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static int FramesOf(ReadOnlySpan<byte> bytes, string name)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = Open(data, bytes, name, limits: null);
        return Math.Max(1, codec.FrameCount);
    }

    /// <summary>Width and height of the upright picture, from the header alone: nothing is decoded.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, string, PictureLimits?)" path="/param|/exception"/>
    internal static (int Width, int Height) SizeOf(
        ReadOnlySpan<byte> bytes,
        string name = "picture",
        PictureLimits? limits = null
    )
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = Open(data, bytes, name, limits);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        return OriginOf(codec, bytes) >= SKEncodedOrigin.LeftTop ? (height, width) : (width, height);
    }

    private static Picture Read(string path, PictureLimits? limits, Func<byte[], byte[]> rgbOf)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(stream, path, limits, rgbOf);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(path, "the file does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(
                path,
                Directory.Exists(path) ? "is a folder, not a picture." : $"cannot be read: {e.Message}",
                e
            );
        }
    }

    private static Picture Read(Stream stream, string name, PictureLimits? limits, Func<byte[], byte[]> rgbOf)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        if (stream.CanSeek && stream.Length - stream.Position > limits.MaxFileBytes)
        {
            throw TooManyBytes(name, limits);
        }

        using var bytes = new MemoryStream();
        var block = new byte[1 << 16];
        for (int read; (read = stream.Read(block)) > 0; )
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > limits.MaxFileBytes)
            {
                throw TooManyBytes(name, limits);
            }
        }

        return Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, limits, rgbOf);
    }

    private static Picture Read(
        ReadOnlySpan<byte> bytes,
        string name,
        PictureLimits? limits,
        Func<byte[], byte[]> rgbOf,
        int frame = 0
    )
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = Open(data, bytes, name, limits);
        var (format, width, height) = (PictureSignature.FormatOf(bytes), codec.Info.Width, codec.Info.Height);
        if (frame > 0 && frame >= codec.FrameCount)
        {
            throw new PictureException(
                name,
                $"there is no frame {frame}: it has {Math.Max(1, codec.FrameCount)}, counted from 0."
            );
        }

        var (result, rgba) = Decode(codec, frame);
        var pixels = result switch
        {
            SKCodecResult.Success => rgba,
            SKCodecResult.IncompleteInput => (format == "JPEG" ? OpenJpeg(bytes) : null)
                ?? throw new PictureException(
                    name,
                    $"the {format} file is truncated: its pixels end before the last row."
                ),
            SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => throw new PictureException(
                name,
                $"the {format} file is damaged."
            ),
            _ => throw new PictureException(name, $"this kind of {format} file cannot be decoded ({result})."),
        };
        return Upright(rgbOf(pixels), width, height, OriginOf(codec, bytes));
    }

    /// <summary>The header alone, with all that is refused for what it says.</summary>
    private static SKCodec Open(SKData data, ReadOnlySpan<byte> bytes, string name, PictureLimits? limits)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        if (bytes.Length > limits.MaxFileBytes)
        {
            throw TooManyBytes(name, limits);
        }

        var format =
            PictureSignature.FormatOf(bytes) ?? throw new PictureException(name, PictureSignature.WhyNot(bytes));
        if (PngHeader.TryRead(bytes) is { } header)
        {
            // Our own look at the header: Skia wants more of the file before it tells the size.
            CheckSize(header.Width, header.Height, name, limits);
        }

        var codec =
            SKCodec.Create(data)
            ?? throw new PictureException(
                name,
                $"the {format} file is truncated or damaged: its header cannot be read."
            );
        try
        {
            CheckSize(codec.Info.Width, codec.Info.Height, name, limits);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    /// <summary>Skia looks for the orientation in JPEG and in most WebP files.</summary>
    private static SKEncodedOrigin OriginOf(SKCodec codec, ReadOnlySpan<byte> bytes) =>
        codec.EncodedOrigin == SKEncodedOrigin.Default ? ExifOrientation.Of(bytes) : codec.EncodedOrigin;

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
            throw new PictureException(
                name,
                $"the picture has {width} x {height} pixels; at most {limits.MaxPixels} are allowed."
            );
        }
    }

    /// <summary>All rows as bytes R, G, B, A with colours that are not multiplied by alpha.</summary>
    private static unsafe (SKCodecResult Result, byte[] Rgba) Decode(SKCodec codec, int frame = 0)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        // No colour space: samples arrive as they are stored.
        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
        var rgba = GC.AllocateUninitializedArray<byte>(checked(4 * width * height));
        fixed (byte* pixels = rgba)
        {
            // Frames that this one is laid over are decoded before it.
            return (codec.GetPixels(info, (nint)pixels, new SKCodecOptions(frame)), rgba);
        }
    }

    /// <summary>
    /// The pixels of a JPEG without its end marker, as some cameras and downloads leave it; null where pixels are
    /// missing, too. They are all there where it makes no difference how the samples would go on.
    /// </summary>
    private static byte[]? OpenJpeg(ReadOnlySpan<byte> bytes)
    {
        const int More = 4096;
        // No byte is 0xFF or the opposite of it, which would begin a marker.
        var random = new Random(1);
        byte[] one = [.. Enumerable.Range(0, More).Select(_ => (byte)random.Next(1, 255))];
        byte[] opposite = [.. one.Select(value => (byte)~value)];
        return
            Continued(bytes, one) is { } pixels
            && Continued(bytes, opposite) is { } others
            && pixels.AsSpan().SequenceEqual(others)
            ? pixels
            : null;

        static byte[]? Continued(ReadOnlySpan<byte> start, ReadOnlySpan<byte> more)
        {
            using var data = SKData.CreateCopy([.. start, .. more, 0xFF, 0xD9]);
            using var codec = SKCodec.Create(data);
            return codec is not null && Decode(codec) is (SKCodecResult.Success, var rgba) ? rgba : null;
        }
    }

    /// <summary>Turns and mirrors as the EXIF orientation says.</summary>
    private static Picture Upright(byte[] stored, int width, int height, SKEncodedOrigin origin)
    {
        if (origin == SKEncodedOrigin.TopLeft)
        {
            return Picture.Owning(width, height, stored);
        }

        var (row, last) = (width, width * height - 1);
        // The stored pixel that comes to the upper left corner, and the stored steps of one pixel to the right and one
        // down.
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
        var rgb = GC.AllocateUninitializedArray<byte>(stored.Length);
        var to = 0;
        for (var y = 0; y < uprightHeight; y++)
        {
            var from = first + y * down;
            for (var x = 0; x < uprightWidth; x++, from += right, to += 3)
            {
                stored.AsSpan(3 * from, 3).CopyTo(rgb.AsSpan(to));
            }
        }

        return Picture.Owning(uprightWidth, uprightHeight, rgb);
    }

    /// <summary>
    /// Transparent pixels over white, in float32 and truncated, so that the bytes are those of the original's NumPy
    /// code.
    /// </summary>
    private static byte[] OverWhite(byte[] rgba)
    {
        var rgb = GC.AllocateUninitializedArray<byte>(rgba.Length / 4 * 3);
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
        {
            var alpha = rgba[from + 3] / 255f;
            var white = 255f * (1f - alpha);
            for (var channel = 0; channel < 3; channel++)
            {
                var level = rgba[from + channel];
                rgb[to + channel] = rgba[from + 3] == 255 ? level : (byte)Math.Min(level * alpha + white, 255f);
            }
        }

        return rgb;
    }

    /// <summary>Alpha as grey levels, where any pixel is not opaque.</summary>
    private static byte[] AsMask(byte[] rgba)
    {
        var rgb = OverWhite(rgba);
        var alpha = Enumerable.Range(0, rgba.Length / 4).Select(pixel => rgba[4 * pixel + 3]);
        if (alpha.All(level => level == 255))
        {
            return rgb;
        }

        foreach (var (pixel, level) in alpha.Index())
        {
            rgb.AsSpan(3 * pixel, 3).Fill(level);
        }

        return rgb;
    }
}
