using System.Globalization;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// Cuts a cleaned prompt into the words that byte pairs are formed in: English contractions, runs of letters, single
/// digits, runs of anything else.
/// .NET's regular expressions know letters of the basic multilingual plane only, so this looks at whole code points.
/// Source: CLIP clip/simple_tokenizer.py (pat).
/// </summary>
internal static class PromptWords
{
    /// <summary>How the start token is written in a prompt.</summary>
    public const string StartText = "<|startoftext|>";

    /// <summary>How the end token is written in a prompt.</summary>
    public const string EndText = "<|endoftext|>";

    // In the order in which they are tried.
    private static readonly string[] FixedWords = [StartText, EndText, "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>The words of a prompt in lower case, in order, without the spaces between them.</summary>
    public static IEnumerable<string> Split(string text)
    {
        for (var start = 0; start < text.Length; )
        {
            var kind = KindAt(text, start, out var length);
            if (kind == Kind.Space)
            {
                start += length;
                continue;
            }

            if (
                Array.Find(FixedWords, word => string.CompareOrdinal(text, start, word, 0, word.Length) == 0) is
                { } found
            )
            {
                length = found.Length;
            }
            else if (kind != Kind.Number)
            {
                length = RunLength(text, start, kind);
            }

            yield return text.Substring(start, length);
            start += length;
        }
    }

    private static int RunLength(string text, int start, Kind kind)
    {
        var end = start;
        while (end < text.Length && KindAt(text, end, out var length) == kind)
        {
            end += length;
        }

        return end - start;
    }

    private static Kind KindAt(string text, int index, out int length)
    {
        // Cleaning leaves no half of a surrogate pair behind.
        var rune = Rune.GetRuneAt(text, index);
        length = rune.Utf16SequenceLength;
        return Rune.IsWhiteSpace(rune)
            ? Kind.Space
            : Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.UppercaseLetter
                or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter
                or UnicodeCategory.OtherLetter => Kind.Letter,
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                    Kind.Number,
                _ => Kind.Other,
            };
    }
}
