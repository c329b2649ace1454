namespace ControlNetSharp.Text;

/// <summary>Pairs of brackets in a prompt. A backslash makes the character behind it plain.</summary>
internal static class PromptBrackets
{
    /// <summary>
    /// Where each bracket that is closed is closed, by where it opens. Round and square ones are paired each for
    /// themselves.
    /// </summary>
    public static Dictionary<int, int> Pairs(string text)
    {
        var pairs = new Dictionary<int, int>();
        var (round, square) = (new Stack<int>(), new Stack<int>());
        for (var at = 0; at < text.Length; at++)
        {
            var open = text[at] is '(' or ')' ? round : square;
            switch (text[at])
            {
                case '\\':
                    at++;
                    break;
                case '(' or '[':
                    open.Push(at);
                    break;
                case ')' or ']' when open.TryPop(out var start):
                    pairs.Add(start, at);
                    break;
            }
        }

        return pairs;
    }

    /// <summary>How many pairs of square brackets lie in one another at most.</summary>
    public static int Depth(string text)
    {
        var (depth, deepest) = (0, 0);
        foreach (
            var (_, step) in Pairs(text)
                .Where(pair => text[pair.Key] == '[')
                .SelectMany(pair => new[] { (Place: pair.Key, Step: 1), (Place: pair.Value, Step: -1) })
                .OrderBy(edge => edge.Place)
        )
        {
            depth += step;
            deepest = Math.Max(deepest, depth);
        }

        return deepest;
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
        var pairs = Pairs(text);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\')
            {
                at++;
            }
            else if (pairs.TryGetValue(at, out var end))
            {
                at = end;
            }
            else
            {
                yield return at;
            }
        }
    }
}
