using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The texts in a PNG file: tEXt, zTXt and iTXt chunks. Source: PNG specification (third edition), section 11.3.3.
/// </summary>
internal static class PngTexts
{
    /// <summary>
    /// Longest text that is read, in bytes after decompression: a manifest is a few thousand, and may carry pictures.
    /// </summary>
    public const int MostTextBytes = 16 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Reads the texts without decoding the pixels. Of several texts with one key the last one counts.
    /// </summary>
    /// <param name="path">A PNG file.</param>
    /// <returns>Texts by key, in the order of the file; empty where there are none.</returns>
    /// <exception cref="PictureException">The file is missing, no PNG, truncated or damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(stream, path);
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

    /// <summary>Reads the texts of a PNG from a stream that can seek, from its present position.</summary>
    /// <param name="stream">Stays open.</param>
    /// <param name="name">What error messages call it.</param>
    /// <returns>Texts by key, in the order of the file; empty where there are none.</returns>
    /// <exception cref="PictureException">No PNG, truncated or damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(Stream stream, string name = "picture")
    {
        var start = new byte[8];
        if (
            stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length
            || !start.AsSpan().SequenceEqual(PngFormat.Signature)
        )
        {
            throw new PictureException(name, "is not a PNG file; only PNG carries texts.");
        }

        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var head = new byte[8];
        while (true)
        {
            if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length)
            {
                throw new PictureException(name, "the PNG file is truncated: it ends without its last chunk.");
            }

            var length = BinaryPrimitives.ReadUInt32BigEndian(head);
            if (length + 4 > stream.Length - stream.Position)
            {
                throw new PictureException(
                    name,
                    $"the PNG file is truncated: a chunk of {length} bytes runs over its end."
                );
            }

            if (head.AsSpan(4).SequenceEqual("IEND"u8))
            {
                return texts;
            }

            if (
                head.AsSpan(4).SequenceEqual("tEXt"u8)
                || head.AsSpan(4).SequenceEqual("zTXt"u8)
                || head.AsSpan(4).SequenceEqual("iTXt"u8)
            )
            {
                ReadChunk(stream, head.AsSpan(4), length, name, texts);
            }
            else
            {
                stream.Seek(length + 4, SeekOrigin.Current);
            }
        }
    }

    /// <summary>Writes one text: tEXt where Latin-1 can say it (what most programs read), else iTXt.</summary>
    /// <exception cref="ArgumentException">
    /// A key that PNG does not allow, or a text with a NUL or half a surrogate pair.
    /// </exception>
    internal static void Write(Stream png, string key, string text)
    {
        if (
            key.Length is < 1 or > 79
            || key[0] == ' '
            || key[^1] == ' '
            || key.Contains("  ")
            || !key.All(IsPrintableLatin1)
        )
        {
            throw new ArgumentException(
                "The key of a PNG text must be 1 to 79 printable Latin-1 characters without outer or double spaces, "
                    + $"not \"{key}\".",
                nameof(key)
            );
        }

        if (text.Contains('\0'))
        {
            throw new ArgumentException(
                $"The PNG text \"{key}\" has a NUL character, which PNG does not allow.",
                nameof(text)
            );
        }

        var keyBytes = Encoding.Latin1.GetBytes(key);
        if (text.All(c => IsPrintableLatin1(c) || c == '\n'))
        {
            PngFormat.WriteChunk(png, "tEXt"u8, [.. keyBytes, 0, .. Encoding.Latin1.GetBytes(text)]);
            return;
        }

        try
        {
            // After the key: not compressed (flag, method), no language tag, no translated key.
            PngFormat.WriteChunk(png, "iTXt"u8, [.. keyBytes, 0, 0, 0, 0, 0, .. Utf8.GetBytes(text)]);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException(
                $"The PNG text \"{key}\" has half a surrogate pair at character {e.Index}.",
                nameof(text),
                e
            );
        }
    }

    private static bool IsPrintableLatin1(char c) => c is (>= ' ' and <= '~') or (>= '\u00A1' and <= '\u00FF');

    private static void ReadChunk(
        Stream stream,
        ReadOnlySpan<byte> type,
        uint length,
        string name,
        Dictionary<string, string> texts
    )
    {
        if (length > MostTextBytes)
        {
            throw new PictureException(
                name,
                $"a text of the PNG file has {length} bytes; at most {MostTextBytes} are read."
            );
        }

        var data = new byte[length];
        stream.ReadExactly(data);
        var crc = new byte[4];
        stream.ReadExactly(crc);
        if (BinaryPrimitives.ReadUInt32BigEndian(crc) != PngFormat.Crc(type, data))
        {
            throw new PictureException(name, "a text of the PNG file is damaged: its checksum is wrong.");
        }

        try
        {
            var (key, text) = Parse(type, data);
            texts.Remove(key);
            texts.Add(key, text);
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException)
        {
            throw new PictureException(name, $"a text of the PNG file is damaged: {e.Message}", e);
        }
    }

    private static (string Key, string Text) Parse(ReadOnlySpan<byte> type, byte[] data)
    {
        var rest = data.AsSpan();
        var key = Encoding.Latin1.GetString(UpToNul(ref rest));
        if (type.SequenceEqual("tEXt"u8))
        {
            return (key, Encoding.Latin1.GetString(rest));
        }

        var international = type.SequenceEqual("iTXt"u8);
        if (rest.Length < (international ? 2 : 1))
        {
            throw new InvalidDataException("it ends after its key.");
        }

        var compressed = !international || rest[0] != 0;
        var method = international ? rest[1] : rest[0];
        rest = rest[(international ? 2 : 1)..];
        if (international)
        {
            UpToNul(ref rest); // language tag
            UpToNul(ref rest); // translated key
        }

        if (compressed && method != 0)
        {
            throw new InvalidDataException($"compression method {method} is unknown.");
        }

        var bytes = compressed ? Inflate(rest) : rest;
        return (key, international ? Utf8.GetString(bytes) : Encoding.Latin1.GetString(bytes));
    }

    private static ReadOnlySpan<byte> UpToNul(ref Span<byte> rest)
    {
        var end = rest.IndexOf((byte)0);
        if (end < 0)
        {
            throw new InvalidDataException("a separator is missing.");
        }

        var part = rest[..end];
        rest = rest[(end + 1)..];
        return part;
    }

    private static byte[] Inflate(ReadOnlySpan<byte> compressed)
    {
        using var zlib = new ZLibStream(new MemoryStream(compressed.ToArray()), CompressionMode.Decompress);
        using var text = new MemoryStream();
        var block = new byte[4096];
        for (int read; (read = zlib.Read(block)) > 0; )
        {
            text.Write(block, 0, read);
            if (text.Length > MostTextBytes)
            {
                throw new InvalidDataException($"it unpacks to more than {MostTextBytes} bytes.");
            }
        }

        return text.ToArray();
    }
}
