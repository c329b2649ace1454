using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Text;

/// <summary>
/// What CLIP does to a prompt before it cuts it into words: repair of damaged text, HTML entities, one space between
/// words, lower case.
/// The repair covers what ftfy 6 does to prompts (entities, text decoded in the wrong encoding, ligatures, character
/// widths, curly quotes, line ends, control characters, composition).
/// Source: CLIP clip/simple_tokenizer.py (basic_clean, whitespace_clean).
/// </summary>
internal static class PromptCleaning
{
    private const char FirstFullWidth = '\uFF01';
    private const char LastFullWidthAscii = '\uFF5E';
    private const char LastFullWidth = '\uFFEF';

    // U+FF5F to U+FFEF at their usual width: brackets, Japanese, Korean, signs.
    private const string UsualWidths =
        "\u2985\u2986\u3002\u300C\u300D\u3001\u30FB\u30F2\u30A1\u30A3\u30A5\u30A7\u30A9\u30E3\u30E5\u30E7\u30C3\u30FC"
        + "\u30A2\u30A4\u30A6\u30A8\u30AA\u30AB\u30AD"
        + "\u30AF\u30B1\u30B3\u30B5\u30B7\u30B9\u30BB\u30BD\u30BF\u30C1\u30C4\u30C6\u30C8\u30CA\u30CB\u30CC\u30CD"
        + "\u30CE\u30CF\u30D2\u30D5\u30D8\u30DB\u30DE\u30DF"
        + "\u30E0\u30E1\u30E2\u30E4\u30E6\u30E8\u30E9\u30EA\u30EB\u30EC\u30ED\u30EF\u30F3\u3099\u309A\u1160\u1100"
        + "\u1101\u11AA\u1102\u11AC\u11AD\u1103\u1104\u1105"
        + "\u11B0\u11B1\u11B2\u11B3\u11B4\u11B5\u111A\u1106\u1107\u1108\u1121\u1109\u110A\u110B\u110C\u110D\u110E"
        + "\u110F\u1110\u1111\u1112\uFFBF\uFFC0\uFFC1\u1161"
        + "\u1162\u1163\u1164\u1165\u1166\uFFC8\uFFC9\u1167\u1168\u1169\u116A\u116B\u116C\uFFD0\uFFD1\u116D\u116E"
        + "\u116F\u1170\u1171\u1172\uFFD8\uFFD9\u1173\u1174"
        + "\u1175\uFFDD\uFFDE\uFFDF\u00A2\u00A3\u00AC\uFFE3\u00A6\u00A5\u20A9\uFFE7\u2502\u2190\u2191\u2192\u2193"
        + "\u25A0\u25CB\uFFEF";

    private static readonly Regex TerminalEscape = new(
        @"\x1B\[[0-9;]*[a-zA-Z]",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>Repairs, unescapes, collapses white space and lowers the case.</summary>
    public static string Clean(string text)
    {
        // Most prompts: nothing to repair.
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('&'))
        {
            return CollapseSpaces(text.ToLowerInvariant());
        }

        var repaired = Repair(text);
        return Lower(CollapseSpaces(HtmlEntities.Unescape(HtmlEntities.Unescape(repaired))));
    }

    // Each step may uncover work for an earlier one (an entity that stood for a curly quote), so the steps run until
    // nothing changes.
    private static string Repair(string text)
    {
        string before;
        do
        {
            before = text;
            // Where there is a tag, entities belong to markup; they are unescaped later all the same, but their
            // characters are not repaired.
            text = text.Contains('<') ? text : HtmlEntities.Unescape(text);
            text = WrongEncoding.Repair(text);
            text = TerminalEscape.Replace(text, "");
            text = ReplaceCharacters(text);
            text = CanonicalComposition.Compose(text);
        } while (text != before);
        return text;
    }

    private static string ReplaceCharacters(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // half of a surrogate pair arrives as U+FFFD
        {
            if (!rune.IsBmp)
            {
                result.Append(rune.ToString());
                continue;
            }

            var c = (char)rune.Value;
            if (Ligature(c) is { } letters)
            {
                result.Append(letters);
            }
            else if (!IsDropped(c))
            {
                result.Append(Replacement(c));
            }
        }

        return result.ToString();
    }

    private static string? Ligature(char c) =>
        c switch
        {
            '\u0132' => "IJ",
            '\u0133' => "ij",
            '\u0149' => "\u02BCn",
            '\u01C4' => "D\u017D",
            '\u01C5' => "D\u017E",
            '\u01C6' => "d\u017E",
            '\u01C7' => "LJ",
            '\u01C8' => "Lj",
            '\u01C9' => "lj",
            '\u01CA' => "NJ",
            '\u01CB' => "Nj",
            '\u01CC' => "nj",
            '\u01F1' => "DZ",
            '\u01F2' => "Dz",
            '\u01F3' => "dz",
            '\uFB00' => "ff",
            '\uFB01' => "fi",
            '\uFB02' => "fl",
            '\uFB03' => "ffi",
            '\uFB04' => "ffl",
            '\uFB05' => "\u017Ft",
            '\uFB06' => "st",
            _ => null,
        };

    private static char Replacement(char c) =>
        c switch
        {
            '\u3000' => ' ',
            '\u02BC' or (>= '\u2018' and <= '\u201B') => '\'',
            >= '\u201C' and <= '\u201F' => '"',
            '\r' or '\u0085' or '\u2028' or '\u2029' => '\n',
            >= '\u0080' and <= '\u009F' => WrongEncoding.Windows1252(c),
            >= FirstFullWidth and <= LastFullWidthAscii => (char)(c - FirstFullWidth + '!'),
            > LastFullWidthAscii and <= LastFullWidth => UsualWidths[c - LastFullWidthAscii - 1],
            _ => c,
        };

    // Control characters that mean nothing in text, and the byte order mark.
    private static bool IsDropped(char c) =>
        c
            is <= '\u0008'
                or '\u000B'
                or (>= '\u000E' and <= '\u001F')
                or '\u007F'
                or (>= '\u206A' and <= '\u206F')
                or '\uFEFF'
                or (>= '\uFFF9' and <= '\uFFFC');

    private static string CollapseSpaces(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // Simple case mapping, and the two rules by which one letter depends on more: dotted I keeps its dot, sigma ends a
    // word as ς. Source: Unicode SpecialCasing.
    private static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        var runes = text.EnumerateRunes().ToArray();
        for (var i = 0; i < runes.Length; i++)
        {
            result.Append(
                runes[i].Value switch
                {
                    'İ' => "i\u0307",
                    'Σ' => EndsWord(runes, i) ? "ς" : "σ",
                    _ => Rune.ToLowerInvariant(runes[i]).ToString(),
                }
            );
        }

        return result.ToString();
    }

    private static bool EndsWord(Rune[] runes, int index)
    {
        var (before, after) = (index - 1, index + 1);
        while (before >= 0 && IsTransparent(runes[before]))
        {
            before--;
        }

        while (after < runes.Length && IsTransparent(runes[after]))
        {
            after++;
        }

        return before >= 0 && IsCased(runes[before]) && !(after < runes.Length && IsCased(runes[after]));
    }

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.UppercaseLetter
                or UnicodeCategory.LowercaseLetter
                or UnicodeCategory.TitlecaseLetter;

    private static bool IsTransparent(Rune rune) =>
        rune.Value is '\'' or '.' or ':' or '\u00B7' or '\u2019'
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark
                or UnicodeCategory.Format
                or UnicodeCategory.ModifierLetter
                or UnicodeCategory.ModifierSymbol;
}
