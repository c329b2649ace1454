using System.Text;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The texts that a picture carries: those of a PNG by key, the comment and description in the EXIF data of PNG, JPEG
/// and WebP, and the comment of a JPEG. Pixels are not decoded.
/// </summary>
public sealed record PictureTexts
{
    /// <summary>Key under which stable-diffusion-webui writes how a PNG was made.</summary>
    public const string ParametersKey = "parameters";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private PictureTexts() { }

    /// <summary>Texts of a PNG by key, in the order of the file; empty for other formats.</summary>
    public IReadOnlyDictionary<string, string> Named { get; private init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// EXIF's UserComment, where JPEG and WebP files of stable-diffusion-webui have what a PNG has as
    /// <c>parameters</c>; or null.
    /// </summary>
    public string? UserComment { get; private init; }

    /// <summary>EXIF's ImageDescription; or null.</summary>
    public string? Description { get; private init; }

    /// <summary>The comment segment of a JPEG; or null.</summary>
    public string? Comment { get; private init; }

    /// <summary>
    /// What says how the picture was made, as stable-diffusion-webui writes it: the PNG text, else the comment, else
    /// what other programs took for it. Null where there is no text at all; cameras write descriptions and comments,
    /// too.
    /// </summary>
    public string? Parameters => Named.GetValueOrDefault(ParametersKey) ?? UserComment ?? Description ?? Comment;

    /// <summary>Reads the texts of a file.</summary>
    /// <exception cref="PictureException">
    /// It is missing, of an unknown format, too large, or a text in it is damaged.
    /// </exception>
    public static PictureTexts Read(string path) => Read(PictureSource.FromFile(path).ReadBytes(), path);

    /// <summary>Reads the texts of a picture.</summary>
    /// <param name="file">The whole encoded file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="PictureException">It is of an unknown format, or a text in it is damaged or in JIS.</exception>
    public static PictureTexts Read(ReadOnlySpan<byte> file, string name = "picture")
    {
        var format = PictureSignature.FormatOf(file) ?? throw new PictureException(name, PictureSignature.WhyNot(file));
        var exif = ExifData.Of(file);
        var named = format == "PNG" ? PngTexts.Read(new MemoryStream(file.ToArray()), name) : null;
        var comment = format == "JPEG" ? PictureChunks.InJpeg(file, marker: 0xFE, default) : default;
        return new PictureTexts
        {
            Named = named ?? new Dictionary<string, string>(StringComparer.Ordinal),
            UserComment = NotEmpty(DecodeComment(exif.Bytes(ExifData.UserComment), exif.IsLittleEndian, name)),
            Description = NotEmpty(DecodeBytes(exif.Bytes(ExifData.ImageDescription))),
            Comment = NotEmpty(DecodeBytes(comment)),
        };
    }

    private static string? NotEmpty(string text) => text.Trim('\0', ' ') is { Length: > 0 } kept ? kept : null;

    /// <summary>
    /// A comment begins with eight bytes that name its characters. Source: Exif 2.32, section 4.6.5, table 9.
    /// </summary>
    private static string DecodeComment(ReadOnlySpan<byte> comment, bool isLittleEndian, string name)
    {
        const int codeBytes = 8;
        if (comment.Length < codeBytes)
        {
            return DecodeBytes(comment);
        }

        var code = comment[..codeBytes];
        var text = comment[codeBytes..];
        const string jis = "its EXIF comment is in JIS, which is not read.";
        return code.SequenceEqual("UNICODE\0"u8) ? DecodeUnicode(text, isLittleEndian)
            : code.SequenceEqual("ASCII\0\0\0"u8) ? DecodeBytes(text)
            : code.SequenceEqual("JIS\0\0\0\0\0"u8) ? throw new PictureException(name, jis)
            : code.ContainsAnyExcept((byte)0) ? DecodeBytes(comment)
            : text.TrimEnd((byte)0).Contains((byte)0) ? DecodeUnicode(text, isLittleEndian)
            : DecodeBytes(text);
    }

    /// <summary>
    /// UTF-16 in the byte order that EXIF's numbers have; but many programs write one order always, and some write
    /// UTF-8, so the text itself counts: what is of use has characters of ASCII, whose upper bytes are zero.
    /// </summary>
    private static string DecodeUnicode(ReadOnlySpan<byte> text, bool isLittleEndian)
    {
        if (!text.Contains((byte)0) && TryDecodeUtf8(text) is { } utf8)
        {
            return utf8;
        }

        if (text.StartsWith(Encoding.Unicode.Preamble) || text.StartsWith(Encoding.BigEndianUnicode.Preamble))
        {
            return (text[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(text[2..]);
        }

        var (zerosAtEven, zerosAtOdd) = (0, 0);
        for (var i = 0; i + 1 < text.Length; i += 2)
        {
            // Both are zero in what fills up the field.
            zerosAtEven += text[i] == 0 && text[i + 1] != 0 ? 1 : 0;
            zerosAtOdd += text[i] != 0 && text[i + 1] == 0 ? 1 : 0;
        }

        var littleEndian = zerosAtOdd == zerosAtEven ? isLittleEndian : zerosAtOdd > zerosAtEven;
        return (littleEndian ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(text);
    }

    private static string DecodeBytes(ReadOnlySpan<byte> text)
    {
        var trimmed = text.TrimEnd((byte)0);
        return TryDecodeUtf8(trimmed) ?? Encoding.Latin1.GetString(trimmed);
    }

    private static string? TryDecodeUtf8(ReadOnlySpan<byte> text)
    {
        try
        {
            return Utf8.GetString(text).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
