namespace ControlNetSharp.Pictures;

/// <summary>
/// Resizing of pictures, with the numbers of OpenCV 4.6, and the size rules of the original ControlNet and of A1111's
/// control units.
/// </summary>
public static class PictureResizing
{
    /// <summary>Sizes are multiples of this: 8 of the Autoencoder times 8 of the UNet.</summary>
    public const int SizeStep = 64;

    /// <summary>Resizes to exactly this size.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="width">New pixels a row, at least 1.</param>
    /// <param name="height">New rows, at least 1.</param>
    /// <param name="interpolation">How values are made.</param>
    /// <returns>A picture of its own, also where the size stays.</returns>
    /// <exception cref="ArgumentException">A size below 1 or above 67 108 864 pixels.</exception>
    public static Picture Resize(Picture picture, int width, int height, Interpolation interpolation)
    {
        CheckSize(width, height);
        return Picture.Owning(
            width,
            height,
            picture.Width == width && picture.Height == height
                ? picture.Rgb.ToArray()
                : Resampling.Resize(picture.Rgb, picture.Width, picture.Height, 3, width, height, interpolation)
        );
    }

    /// <summary>
    /// The size by the original's rule: the shorter side becomes <paramref name="resolution"/>, then both are rounded,
    /// half to even, to multiples of 64.
    /// Source: annotator/util.py, resize_image, lllyasviel/ControlNet@ed85cd1.
    /// </summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="resolution">
    /// Pixels of the shorter side before rounding, at least 33 (below that it would round to 0).
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is too small, or the result would have more than 67 108 864 pixels.
    /// </exception>
    public static (int Width, int Height) SizeForResolution(int width, int height, int resolution)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(resolution, SizeStep / 2 + 1);
        var factor = (double)resolution / Math.Min(width, height);
        if (width * factor * height * factor > PictureLimits.Default.MaxPixels)
        {
            throw new ArgumentOutOfRangeException(
                nameof(resolution),
                resolution,
                $"A picture of {width} x {height} would have more than {PictureLimits.Default.MaxPixels} pixels where "
                    + $"its shorter side has {resolution}."
            );
        }

        return (Rounded(width * factor), Rounded(height * factor));

        static int Rounded(double side) => (int)Math.Round(side / SizeStep, MidpointRounding.ToEven) * SizeStep;
    }

    /// <summary>
    /// Resizes by the original's rule: the size of <see cref="SizeForResolution"/>, Lanczos where the shorter side
    /// grows, area where not.
    /// </summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="resolution">Pixels of the shorter side before rounding, at least 33.</param>
    /// <exception cref="ArgumentException">
    /// A resolution below 33, or a picture so elongated that the result would have more than 67 108 864 pixels.
    /// </exception>
    public static Picture ToResolution(Picture picture, int resolution)
    {
        var (width, height) = SizeForResolution(picture.Width, picture.Height, resolution);
        return Resize(
            picture,
            width,
            height,
            resolution > Math.Min(picture.Width, picture.Height) ? Interpolation.Lanczos4 : Interpolation.Area
        );
    }

    /// <summary>
    /// Brings a picture to the size of the picture to be made: by area when it loses pixels and by cubic when it
    /// gains some, as A1111's control units do. A finished hint is brought there by <see cref="FitHint"/>.
    /// </summary>
    /// <param name="picture">A photograph, a drawing, a mask. Borrowed.</param>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="mode">What happens when the shapes differ.</param>
    /// <returns>A picture of exactly this size, of its own.</returns>
    public static Picture Fit(Picture picture, int width, int height, ResizeMode mode) =>
        Placed(picture, width, height, mode, Scale);

    /// <summary>
    /// Brings a finished hint to the size of the picture to be made. Maps of labels, such as a segmentation, keep
    /// their colours; black and white lines stay black and white, and thin ones stay one pixel wide and connected;
    /// all others are resized as <see cref="Fit"/> does it.
    /// </summary>
    /// <param name="hint">The hint as a ControlNet sees it. Borrowed.</param>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="mode">What happens when the shapes differ.</param>
    /// <returns>A picture of exactly this size, of its own; an exact copy where the size stays.</returns>
    public static Picture FitHint(Picture hint, int width, int height, ResizeMode mode) =>
        Placed(hint, width, height, mode, HintScaling.Scale);

    /// <summary>
    /// The first half of <see cref="Fit"/>: the size at which nothing is left to do but to cut or to fill up. An
    /// annotator that sees this picture draws its lines at the result's scale.
    /// </summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="width">Pixels a row of the result, at least 1.</param>
    /// <param name="height">Rows of the result, at least 1.</param>
    /// <param name="mode">What will happen when the shapes differ.</param>
    /// <returns>
    /// A picture of its own in the old shape: covering the size for <see cref="ResizeMode.Crop"/>, inside it for
    /// <see cref="ResizeMode.Fill"/>; of exactly this size for <see cref="ResizeMode.Just"/>.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size below 1 or above 67 108 864 pixels, or an unknown mode.
    /// </exception>
    public static Picture ScaleFor(Picture picture, int width, int height, ResizeMode mode) =>
        ScaledFor(picture, width, height, mode, Scale);

    /// <summary>
    /// Where in the scaled picture that begins which <see cref="Fit"/> with <see cref="ResizeMode.Crop"/> keeps of a
    /// picture.
    /// </summary>
    /// <param name="pictureWidth">The picture's pixels a row.</param>
    /// <param name="pictureHeight">The picture's rows.</param>
    /// <param name="width">Pixels a row of the result.</param>
    /// <param name="height">Rows of the result.</param>
    internal static (int Left, int Top) CropCorner(int pictureWidth, int pictureHeight, int width, int height)
    {
        var scaled = ScaledSize(pictureWidth, pictureHeight, width, height, ResizeMode.Crop);
        return (Margin(scaled.Width, width), Margin(scaled.Height, height));
    }

    /// <summary>By area when pixels get fewer, by cubic when they get more.</summary>
    internal static Picture Scale(Picture picture, int width, int height) =>
        Resize(picture, width, height, InterpolationFor(picture, width, height));

    /// <summary>How values are made where mixing them is right.</summary>
    internal static Interpolation InterpolationFor(Picture picture, int width, int height) =>
        (long)width * height < (long)picture.Width * picture.Height ? Interpolation.Area : Interpolation.Cubic;

    private static Picture Placed(
        Picture picture,
        int width,
        int height,
        ResizeMode mode,
        Func<Picture, int, int, Picture> scale
    )
    {
        var scaled = ScaledFor(picture, width, height, mode, scale);
        return mode switch
        {
            ResizeMode.Just => scaled,
            ResizeMode.Crop => Place(scaled, Picture.Black(width, height)),
            _ => Place(scaled, Filled(width, height, BorderColour(picture))),
        };
    }

    private static Picture ScaledFor(
        Picture picture,
        int width,
        int height,
        ResizeMode mode,
        Func<Picture, int, int, Picture> scale
    )
    {
        CheckSize(width, height);
        var size = ScaledSize(picture.Width, picture.Height, width, height, mode);
        return scale(picture, size.Width, size.Height);
    }

    /// <summary>The size that a picture has before it is cut or filled up.</summary>
    private static (int Width, int Height) ScaledSize(
        int pictureWidth,
        int pictureHeight,
        int width,
        int height,
        ResizeMode mode
    )
    {
        var (byWidth, byHeight) = ((double)width / pictureWidth, (double)height / pictureHeight);
        var factor = mode == ResizeMode.Crop ? Math.Max(byWidth, byHeight) : Math.Min(byWidth, byHeight);
        return mode switch
        {
            ResizeMode.Just => (width, height),
            ResizeMode.Crop or ResizeMode.Fill => (Side(pictureWidth * factor), Side(pictureHeight * factor)),
            _ => throw new ArgumentOutOfRangeException(
                nameof(mode),
                mode,
                "The resize mode must be Just, Crop or Fill."
            ),
        };

        static int Side(double side) => Math.Max(1, (int)Math.Round(side, MidpointRounding.ToEven));
    }

    private static void CheckSize(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var limit = PictureLimits.Default.MaxPixels;
        if (width > limit / height)
        {
            throw new ArgumentOutOfRangeException(
                nameof(width),
                width,
                $"A picture of {width} x {height} has more than {limit} pixels."
            );
        }
    }

    /// <summary>Copies the scaled picture onto the canvas, both centred; what does not fit is cut.</summary>
    private static Picture Place(Picture scaled, Picture canvas)
    {
        var (width, height) = (Math.Min(scaled.Width, canvas.Width), Math.Min(scaled.Height, canvas.Height));
        var (fromX, fromY) = (Margin(scaled.Width, canvas.Width), Margin(scaled.Height, canvas.Height));
        var (toX, toY) = ((canvas.Width - width) / 2, (canvas.Height - height) / 2);
        for (var y = 0; y < height; y++)
        {
            scaled
                .Rgb.Slice(((fromY + y) * scaled.Width + fromX) * 3, width * 3)
                .CopyTo(canvas.Canvas.Slice(((toY + y) * canvas.Width + toX) * 3));
        }

        return canvas;
    }

    /// <summary>What is cut off at the beginning of a side.</summary>
    private static int Margin(int side, int shown) => (side - Math.Min(side, shown)) / 2;

    private static Picture Filled(int width, int height, byte[] colour)
    {
        var rgb = new byte[3 * width * height];
        for (var i = 0; i < rgb.Length; i++)
        {
            rgb[i] = colour[i % 3];
        }

        return Picture.Owning(width, height, rgb);
    }

    /// <summary>
    /// The median of each channel over the four border lines (corners counted twice), truncated to a byte.
    /// </summary>
    private static byte[] BorderColour(Picture picture)
    {
        var (width, height) = (picture.Width, picture.Height);
        var border = Enumerable
            .Range(0, width)
            .SelectMany(x => new[] { x, (height - 1) * width + x })
            .Concat(Enumerable.Range(0, height).SelectMany(y => new[] { y * width, y * width + width - 1 }))
            .ToArray();
        return
        [
            .. Enumerable
                .Range(0, 3)
                .Select(channel =>
                {
                    var values = border.Select(pixel => (int)picture.Rgb[3 * pixel + channel]).Order().ToArray();
                    return (byte)((values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2);
                }),
        ];
    }
}
