namespace ControlNetSharp.Text;

/// <summary>Pairs of brackets in a prompt. A backslash makes the character behind it plain.</summary>
internal static class PromptBrackets
{
    /// <summary>Where the bracket at <paramref name="at"/>, round or square, is closed; null where it is not.</summary>
    public static int? Closing(string text, int at)
    {
        var (open, close) = (text[at], text[at] == '(' ? ')' : ']');
        var depth = 0;
        for (var i = at; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == open)
            {
                depth++;
            }
            else if (text[i] == close && --depth == 0)
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>The parts between the separators that are outside of all pairs of brackets; at least one.</summary>
    public static IReadOnlyList<string> Split(string text, char separator)
    {
        var (parts, start) = (new List<string>(), 0);
        foreach (var at in Outside(text).Where(at => text[at] == separator))
        {
            parts.Add(text[start..at]);
            start = at + 1;
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Every place that is outside of all pairs of brackets and has no backslash before it.</summary>
    public static IEnumerable<int> Outside(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] is '(' or '[' && Closing(text, i) is { } end)
            {
                i = end;
            }
            else
            {
                yield return i;
            }
        }
    }
}
