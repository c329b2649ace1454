namespace ControlNetSharp.Models;

/// <summary>Names that a person may have meant.</summary>
internal static class NearNames
{
    /// <summary>
    /// Those that contain the name or differ from it in a third of its letters at most, the nearest first.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">Names there are; of those with folders the last part is compared.</param>
    /// <param name="count">How many at most.</param>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> known, int count)
    {
        var wanted = Compared(name);
        return
        [
            .. known
                .Distinct(StringComparer.Ordinal)
                .Select(name => (Name: name, Text: Compared(name)))
                .Select(other => (other.Name, other.Text, Distance: Distance(wanted, other.Text)))
                .Where(other => other.Text.Contains(wanted) || other.Distance <= wanted.Length / 3)
                .OrderBy(other => other.Distance)
                .ThenBy(other => other.Name, StringComparer.Ordinal)
                .Take(count)
                .Select(other => other.Name),
        ];
    }

    private static string Compared(string name) =>
        ModelLayout.WithoutExtension(name[(name.LastIndexOf('/') + 1)..]).ToUpperInvariant();

    /// <summary>Edit distance. Source: Levenshtein 1966.</summary>
    public static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < b.Length; j++)
            {
                var replaced = diagonal + (a[i] == b[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(row[j], diagonal) + 1);
            }
        }

        return row[b.Length];
    }
}
