using ControlNetSharp.Runtime;
using SkiaSharp;

namespace ControlNetSharp.Pictures;

/// <summary>
/// Writes pictures: to a temporary name in the same folder, flushed to the disk, then renamed, so that a kill at any
/// moment leaves the old file or the new one.
/// </summary>
public static class PictureWriter
{
    /// <summary>Writes a PNG with texts; the same arguments give the same bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="texts">
    /// Texts by key (1 to 79 Latin-1 characters), such as <c>parameters</c>; written in their order, before the pixels.
    /// </param>
    /// <param name="replaces">
    /// Whether an existing file is replaced; where not, of several programs that write it only one does.
    /// </param>
    /// <exception cref="ArgumentException">A key or text that PNG does not allow.</exception>
    /// <exception cref="FileTakenException">There is such a file, and it is not to be replaced.</exception>
    /// <exception cref="IOException">
    /// The folder does not exist or the file cannot be written; the message names it.
    /// </exception>
    public static void WritePng(
        string path,
        Picture picture,
        IReadOnlyDictionary<string, string>? texts = null,
        bool replaces = true
    ) => WriteFile(path, EncodePng(picture, texts), replaces);

    /// <summary>
    /// Writes a picture in the format of the file name's extension: .png, .jpg or .jpeg, .webp. For a PNG with texts
    /// see <see cref="WritePng"/>.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="quality">For JPEG and WebP, from 1 to 100. PNG has no loss.</param>
    /// <exception cref="ArgumentException">Another extension, or a quality out of range.</exception>
    /// <exception cref="IOException">
    /// The folder does not exist or the file cannot be written; the message names it.
    /// </exception>
    public static void Write(string path, Picture picture, int quality = 95)
    {
        var extension = Path.GetExtension(path).ToUpperInvariant();
        WriteFile(
            path,
            extension switch
            {
                ".PNG" => EncodePng(picture),
                ".JPG" or ".JPEG" => Encode(picture, SKEncodedImageFormat.Jpeg, quality),
                ".WEBP" => Encode(picture, SKEncodedImageFormat.Webp, quality),
                _ => throw new ArgumentException(
                    "The name of a picture file must end in .png, .jpg, .jpeg or .webp, not "
                        + $"\"{Path.GetExtension(path)}\" ({path}).",
                    nameof(path)
                ),
            },
            replaces: true
        );
    }

    /// <summary>The bytes that <see cref="WritePng"/> writes.</summary>
    /// <exception cref="ArgumentException">A key or text that PNG does not allow.</exception>
    public static byte[] EncodePng(Picture picture, IReadOnlyDictionary<string, string>? texts = null) =>
        PngEncoder.Encode(picture, texts ?? new Dictionary<string, string>());

    /// <summary>The bytes of a PNG with transparency.</summary>
    /// <param name="picture">The colours. Borrowed.</param>
    /// <param name="alpha">Opacity as grey levels, of the same size; null for an opaque picture. Borrowed.</param>
    /// <param name="texts">Texts by key; null for none.</param>
    internal static byte[] EncodePng(Picture picture, Picture? alpha, IReadOnlyDictionary<string, string>? texts) =>
        PngEncoder.Encode(picture, texts ?? new Dictionary<string, string>(), alpha);

    /// <summary>The bytes of a JPEG file.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="quality">From 1 to 100.</param>
    public static byte[] EncodeJpeg(Picture picture, int quality = 95) =>
        Encode(picture, SKEncodedImageFormat.Jpeg, quality);

    /// <summary>The bytes of a WebP file, lossy.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="quality">From 1 to 100.</param>
    public static byte[] EncodeWebP(Picture picture, int quality = 95) =>
        Encode(picture, SKEncodedImageFormat.Webp, quality);

    private static unsafe byte[] Encode(Picture picture, SKEncodedImageFormat format, int quality)
    {
        if (quality is < 1 or > 100)
        {
            throw new ArgumentOutOfRangeException(nameof(quality), quality, "The quality must be from 1 to 100.");
        }

        // Skia has no 24-bit pixels.
        var rgba = GC.AllocateUninitializedArray<byte>(checked(4 * picture.Width * picture.Height));
        for (int from = 0, to = 0; to < rgba.Length; from += 3, to += 4)
        {
            picture.Rgb.Slice(from, 3).CopyTo(rgba.AsSpan(to));
            rgba[to + 3] = 255;
        }

        fixed (byte* pixels = rgba)
        {
            var info = new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using var pixmap = new SKPixmap(info, (nint)pixels);
            using var data =
                pixmap.Encode(format, quality)
                ?? throw new ArgumentException(
                    $"A picture of {picture.Width} x {picture.Height} is too large for {format}.",
                    nameof(picture)
                );
            return data.ToArray();
        }
    }

    private static void WriteFile(string path, byte[] bytes, bool replaces)
    {
        try
        {
            WholeFile.Write(path, stream => stream.Write(bytes), replaces);
        }
        catch (Exception e) when (e is (IOException and not FileTakenException) or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {e.Message}", e);
        }
    }
}
