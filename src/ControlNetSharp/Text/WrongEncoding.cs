using System.Buffers;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// Repairs UTF-8 text that was read as Windows-1252 ("schÃ¶n" for "schön"). A group of characters is taken for damaged
/// only if its bytes are well-formed UTF-8
/// and it is not one that people write: the rule leans towards leaving text alone.
/// </summary>
internal static class WrongEncoding
{
    // The characters of bytes 0x80 to 0x9F; the five bytes that Windows-1252 leaves open stand for themselves.
    private const string HighCharacters =
        "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F"
        + "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

    // What may well follow an accented capital in sound text.
    private static readonly SearchValues<char> Punctuation = SearchValues.Create(
        "\u00A0«»\u2018\u2019\u201A\u201C\u201D\u201E\u2039\u203A\u2013\u2014\u2026\u2022"
    );

    /// <summary>
    /// The character that Windows-1252 has for the byte of a control character from U+0080 to U+009F.
    /// </summary>
    public static char Windows1252(char control) => HighCharacters[control - 0x80];

    /// <summary>Decodes every run of damaged characters.</summary>
    public static string Repair(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; )
        {
            var length = RunLength(text, i, out var decoded);
            result.Append(decoded ?? text.Substring(i, length));
            i += length;
        }

        return result.ToString();
    }

    // Neighbouring sequences confirm each other, so a run is judged as a whole. What is no run has the length 1.
    private static int RunLength(string text, int start, out string? decoded)
    {
        var characters = new StringBuilder();
        // A capital in the middle of a word is no spelling.
        var (end, count, unusual, certain) = (
            start,
            0,
            false,
            start > 0 && char.IsAsciiLetterLower(text[start - 1]) && char.IsUpper(text[start])
        );
        while (Sequence(text, end) is { Length: > 0 } sequence)
        {
            var group = text.AsSpan(end, sequence.Length);
            unusual |= group[1..].ContainsAnyExcept(Punctuation);
            certain |= sequence.Length > 2 && unusual;
            certain |= group[0] is 'Â' or 'Ã' && unusual;
            characters.Append(sequence.Character.ToString());
            (end, count) = (end + sequence.Length, count + 1);
        }

        decoded = certain || (count > 1 && unusual) ? characters.ToString() : null;
        return Math.Max(end - start, 1);
    }

    private static (Rune Character, int Length) Sequence(string text, int start)
    {
        Span<byte> bytes = stackalloc byte[4];
        var available = 0;
        while (
            available < bytes.Length && start + available < text.Length && ByteOf(text[start + available]) is { } value
        )
        {
            bytes[available++] = value;
        }

        var status = Rune.DecodeFromUtf8(bytes[..available], out var character, out var length);
        return status == OperationStatus.Done && length > 1 ? (character, length) : default;
    }

    private static byte? ByteOf(char c)
    {
        var high = HighCharacters.IndexOf(c);
        return high >= 0 ? (byte)(0x80 + high)
            : c <= 0xFF ? (byte)c
            : null;
    }
}
