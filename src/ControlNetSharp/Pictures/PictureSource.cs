using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Pictures;

/// <summary>
/// A picture by reference: a file, the bytes of one, or pixels in memory. It is read once, when it is first needed, and
/// then stays what it was, whatever becomes of the file. In JSON it is a path, a data URL, or an object with
/// <c>path</c> or <c>data</c> (base64), <c>sha256</c> and <c>frame</c>.
/// </summary>
[JsonConverter(typeof(PictureSourceConverter))]
public sealed class PictureSource
{
    private readonly string? _expectedSha256;
    private readonly Picture? _pixels;
    private readonly Lazy<byte[]> _bytes;
    private readonly Lazy<Picture> _picture;
    private readonly Lazy<Picture> _mask;
    private readonly Lazy<string> _sha256;

    private PictureSource(
        string? path,
        Func<byte[]> read,
        string? sha256 = null,
        Picture? pixels = null,
        int? frame = null
    )
    {
        // Failures are not kept: a file may be there at the next try.
        const LazyThreadSafetyMode mode = LazyThreadSafetyMode.PublicationOnly;
        (Path, _expectedSha256, _pixels, Frame) = (path, sha256, pixels, frame);
        _bytes = new(() => Verified(read()), mode);
        _picture = new(() => pixels ?? PictureReader.ReadFrame(ReadBytes(), Name, frame ?? 0), mode);
        _mask = new(() => pixels ?? PictureReader.ReadMaskFrame(ReadBytes(), Name, frame ?? 0), mode);
        _sha256 = new(() => Digest(_bytes.Value), mode);
    }

    /// <summary>The file, as it was written; null for bytes and pixels.</summary>
    public string? Path { get; }

    /// <summary>Which frame of an animation, from 0; null for the first one, and for what is none.</summary>
    public int? Frame { get; }

    /// <summary>What messages call it.</summary>
    public string Name => (Path ?? "picture") + (Frame is null ? "" : $" (frame {Frame})");

    /// <summary>
    /// SHA-256 of the file or its bytes (of pixels in memory: of their PNG), 64 lower-case digits; null while it was
    /// neither
    /// stated nor read.
    /// </summary>
    public string? Sha256 => _expectedSha256 ?? (_bytes.IsValueCreated ? _sha256.Value : null);

    /// <summary>Whether it cannot be read, since only the digest is known.</summary>
    internal bool IsKnownByDigestOnly { get; private init; }

    /// <summary>A file, which is opened when it is needed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sha256">What its SHA-256 must be; null for any.</param>
    public static PictureSource FromFile(string path, string? sha256 = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(path, () => ReadFile(path), sha256);
    }

    /// <summary>The bytes of a file in a format that <see cref="PictureReader"/> or an annotator reads.</summary>
    /// <param name="bytes">The whole file. Copied.</param>
    /// <param name="sha256">What its SHA-256 must be; null for any.</param>
    public static PictureSource FromBytes(ReadOnlySpan<byte> bytes, string? sha256 = null)
    {
        var copy = bytes.ToArray();
        return new(null, () => copy, sha256);
    }

    /// <summary>Pixels in memory.</summary>
    public static PictureSource FromPicture(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return new(null, () => PictureWriter.EncodePng(picture), pixels: picture);
    }

    /// <summary>
    /// Pictures one after another: those of a folder in the order in which people count names (2 before 10; files whose
    /// names begin with a full stop are left out), or the frames of an animated GIF or WebP. Any other file is one.
    /// </summary>
    /// <param name="path">The folder or the file. What is in it is read when it is needed.</param>
    /// <exception cref="PictureException">The folder is empty, or the animation cannot be read.</exception>
    public static IReadOnlyList<PictureSource> FramesOf(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return PictureFrames.Of(path);
    }

    /// <summary>The same file, of which another frame is seen.</summary>
    /// <param name="frame">Which one, from 0; null for the first, or for a file that is no animation.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public PictureSource WithFrame(int? frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frame ?? 0, nameof(frame));
        return frame == Frame
            ? this
            : new(Path, () => _bytes.Value, _expectedSha256, frame: frame)
            {
                IsKnownByDigestOnly = IsKnownByDigestOnly,
            };
    }

    /// <summary>
    /// The same picture, read for itself: what it keeps is let go with it, where this one would keep it longer.
    /// </summary>
    internal PictureSource Apart() =>
        _pixels is not null ? this
        : Path is null ? new(null, () => _bytes.Value, _expectedSha256, frame: Frame)
        : FromFile(Path, _expectedSha256).WithFrame(Frame);

    /// <summary>A picture of which only the digest is known: reading it fails.</summary>
    internal static PictureSource Known(string sha256) =>
        new(null, () => throw new PictureException("picture", $"only its SHA-256 is known: {sha256}."), sha256)
        {
            IsKnownByDigestOnly = true,
        };

    /// <summary>The same file with pixels that were kept of it, which count instead of what is there now.</summary>
    internal PictureSource WithPixels(Picture picture) =>
        new(Path, () => PictureWriter.EncodePng(picture), Sha256, picture, Frame);

    /// <summary>The same without its content: path and digest.</summary>
    internal PictureSource ToReference()
    {
        var sha256 = Sha256 ?? ReadSha256();
        return (Path is null ? Known(sha256) : FromFile(Path, sha256)).WithFrame(Frame);
    }

    /// <summary>A path is a file.</summary>
    public static implicit operator PictureSource(string path) => FromFile(path);

    /// <summary>A picture in memory.</summary>
    public static implicit operator PictureSource(Picture picture) => FromPicture(picture);

    /// <summary>The pixels. Borrowed: the source keeps them.</summary>
    /// <exception cref="PictureException">
    /// The file is missing, unreadable, no picture, or has another SHA-256 than it should.
    /// </exception>
    public Picture Read() => _picture.Value;

    /// <summary>
    /// The pixels as a mask: where the picture has transparency, that is the mask, white where something is painted.
    /// </summary>
    /// <exception cref="PictureException">As for <see cref="Read"/>.</exception>
    public Picture ReadMask() => _mask.Value;

    /// <summary>The bytes of the file; for pixels in memory, of their PNG.</summary>
    /// <exception cref="PictureException">
    /// The file is missing, unreadable, too large, or has another SHA-256 than it should.
    /// </exception>
    public ReadOnlySpan<byte> ReadBytes() => _bytes.Value;

    /// <summary>SHA-256 of what <see cref="ReadBytes"/> gives, reading it where that was not done yet.</summary>
    /// <exception cref="PictureException">As for <see cref="ReadBytes"/>.</exception>
    internal string ReadSha256() => _sha256.Value;

    private byte[] Verified(byte[] bytes) =>
        _expectedSha256 is null || Digest(bytes) == _expectedSha256
            ? bytes
            : throw new PictureException(
                Name,
                $"the file is not the one that is meant: its SHA-256 begins with {Digest(bytes)[..10]}, that one's "
                    + $"with {_expectedSha256[..10]}."
            );

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] ReadFile(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= PictureLimits.Default.MaxFileBytes
                ? File.ReadAllBytes(path)
                : throw new PictureException(
                    path,
                    $"it has {length} bytes; at most {PictureLimits.Default.MaxFileBytes} are read."
                );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(
                path,
                Directory.Exists(path) ? "is a folder, not a picture." : "the file does not exist.",
                e
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(path, $"cannot be read: {e.Message}", e);
        }
    }
}
