using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// The mark with which editors and shells on Windows begin a text file. Parsers of JSON refuse it, and read UTF-8 only.
/// </summary>
internal static class ByteOrderMark
{
    /// <summary>Encodings by their marks; that of UTF-32 begins with the one of UTF-16.</summary>
    private static readonly Encoding[] Encodings =
    [
        Encoding.UTF8,
        Encoding.UTF32,
        new UTF32Encoding(bigEndian: true, byteOrderMark: true),
        Encoding.Unicode,
        Encoding.BigEndianUnicode,
    ];

    /// <summary>The bytes of a text in UTF-8, without a mark.</summary>
    /// <param name="text">The bytes of a file: in the encoding of its mark, or without one in UTF-8.</param>
    public static ReadOnlyMemory<byte> Removed(ReadOnlyMemory<byte> text)
    {
        var marked = Array.Find(Encodings, encoding => text.Span.StartsWith(encoding.Preamble));
        return marked is null ? text : Encoding.UTF8.GetBytes(marked.GetString(text.Span[marked.Preamble.Length..]));
    }
}
