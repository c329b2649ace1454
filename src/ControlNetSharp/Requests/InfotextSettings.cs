using System.Text.Encodings.Web;
using System.Text.Json;

namespace ControlNetSharp.Requests;

/// <summary>
/// Lists of <c>Key: value</c>, separated by commas or lines. A value with a comma, a colon or a line end stands in
/// quotes, as a string of JSON; other programs write objects and lists of JSON as they are, and pairs of numbers in
/// parentheses. A key that is its own value stands alone. Source: stable-diffusion-webui, infotext_utils.py, quote and
/// unquote (behaviour).
/// </summary>
internal static class InfotextSettings
{
    /// <summary>Keys whose value is the rest of their line, whatever is in it. Source: sd-dynamic-prompts.</summary>
    private static readonly string[] WholeLines = ["Template", "Negative Template"];

    private const string Openings = "\"([{";

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a list; whatever is written gives some pairs.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(string text)
    {
        var settings = new List<KeyValuePair<string, string>>();
        // Looking for the end of brackets in vain costs time; where that was as much as the text is long, it has no
        // such values.
        var lookedInVain = 0;
        for (var at = 0; at < text.Length; )
        {
            var keyEnd = IndexOfAny(text, ":,\n", at);
            var key = text[at..keyEnd].Trim();
            if (keyEnd == text.Length || text[keyEnd] != ':')
            {
                Add(key, key);
                at = keyEnd + 1;
                continue;
            }

            var start = keyEnd + 1;
            while (start < text.Length && text[start] is ' ' or '\t')
            {
                start++;
            }

            var end = WholeLines.Contains(key, StringComparer.OrdinalIgnoreCase) ? EndOfLine(text, at, start) : null;
            if (end is null && OpensNested(text, start) && lookedInVain <= text.Length)
            {
                var closing = EndOfNested(text, start);
                end = closing is { } found && IsSeparator(text, ref found) ? found : null;
                lookedInVain += end is null ? (closing ?? text.Length) - start : 0;
            }

            var valueEnd = end ?? IndexOfAny(text, ",\n", start);
            var value = text[start..valueEnd].Trim();
            Add(key, end is null ? value : Unquote(value));
            at = valueEnd + 1;
        }

        return settings;

        void Add(string key, string value)
        {
            if (key.Length > 0)
            {
                settings.Add(new(key, value));
            }
        }
    }

    /// <summary>Writes a list that <see cref="Parse"/> reads.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> settings) =>
        string.Join(
            ", ",
            settings.Select(setting =>
                setting.Key == setting.Value ? setting.Key : $"{setting.Key}: {Quote(setting.Value)}"
            )
        );

    private static string Quote(string value) =>
        value.AsSpan().ContainsAny(",:\n\r") || value.Trim().Length != value.Length || OpensNested(value, 0)
            ? JsonSerializer.Serialize(value, Relaxed)
            : value;

    private static string Unquote(string value)
    {
        if (value.Length < 2 || value[0] != '"' || value[^1] != '"')
        {
            return value;
        }

        try
        {
            using var json = JsonDocument.Parse(value);
            return json.RootElement.GetString()!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return value[1..^1];
        }
    }

    /// <summary>The end of the line, for a key that begins one.</summary>
    private static int? EndOfLine(string text, int keyStart, int start) =>
        keyStart > 0 && text[keyStart - 1] == '\n' ? IndexOfAny(text, "\n", start) : null;

    private static bool OpensNested(string text, int at) => at < text.Length && Openings.Contains(text[at]);

    /// <summary>
    /// Behind the quote or bracket that closes the one at <paramref name="start"/>; null where it stays open.
    /// </summary>
    private static int? EndOfNested(string text, int start)
    {
        var depth = 0;
        for (var at = start; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '"':
                    at = EndOfString(text, at);
                    break;
                case '[' or '{' or '(':
                    depth++;
                    break;
                case ']' or '}' or ')':
                    depth--;
                    break;
            }

            if (depth == 0)
            {
                return at < text.Length ? at + 1 : null;
            }
        }

        return null;
    }

    /// <summary>
    /// The quote that closes the one at <paramref name="start"/>; the length of the text where it stays open.
    /// </summary>
    private static int EndOfString(string text, int start)
    {
        for (var at = start + 1; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                return at;
            }

            at += text[at] == '\\' ? 1 : 0;
        }

        return text.Length;
    }

    /// <summary>Whether only blanks stand before the next separator, which <paramref name="at"/> then is.</summary>
    private static bool IsSeparator(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        return at >= text.Length || text[at] is ',' or '\n';
    }

    private static int IndexOfAny(string text, ReadOnlySpan<char> separators, int start) =>
        text.AsSpan(start).IndexOfAny(separators) is >= 0 and var found ? start + found : text.Length;
}
