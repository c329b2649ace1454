using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Text;

/// <summary>
/// HTML character references: numbers, the names of HTML 4, and the names of Latin-1 characters without their
/// semicolon, as browsers read them.
/// Source: the HTML standard, "Named character reference state" and "Numeric character reference end state".
/// </summary>
internal static class HtmlEntities
{
    private const int LastLatin1 = 0xFF;

    private static readonly Regex Reference = new(
        "&(?:(?<number>#(?:[xX](?<hex>[0-9a-fA-F]+)|(?<decimal>[0-9]+));?)|[0-9A-Za-z]{2,32};?)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    );

    /// <summary>Replaces each character reference by its character, once; what is not one stays.</summary>
    public static string Unescape(string text) =>
        text.Contains('&')
            ? Reference.Replace(text, match => match.Groups["number"].Success ? Numeric(match) : Named(match.Value))
            : text;

    private static string Numeric(Match match)
    {
        var (digits, hexadecimal) = match.Groups["hex"] is { Success: true } hex
            ? (hex.Value, true)
            : (match.Groups["decimal"].Value, false);
        var style = hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (
            !int.TryParse(digits, style, CultureInfo.InvariantCulture, out var value)
            || value == 0
            || !Rune.IsValid(value)
        )
        {
            return "\uFFFD";
        }

        return value is >= 0x80 and <= 0x9F
            ? WrongEncoding.Windows1252((char)value).ToString()
            : new Rune(value).ToString();
    }

    private static string Named(string reference)
    {
        if (reference.EndsWith(';') && WebUtility.HtmlDecode(reference) is var whole && whole != reference)
        {
            return whole;
        }

        // Old pages leave the semicolon out: the longest Latin-1 name that the word starts with counts.
        for (var length = reference.Length; length > 2; length--)
        {
            var name = reference[..length];
            var character = WebUtility.HtmlDecode($"{name};");
            if (character.Length == 1 && character[0] <= LastLatin1 && name != "&apos")
            {
                return character + reference[length..];
            }
        }

        return reference;
    }
}
