using System.Text.RegularExpressions;

namespace ControlNetSharp.Cli;

/// <summary>
/// What stands between the commas of <c>-c</c>, <c>--region</c> and <c>--hires</c>: NAME=VALUE, or a text alone. White
/// space around names and values does not count. A value, or a text alone, in double quotes may have commas
/// in it, and a quote that is written twice.
/// </summary>
internal static partial class Fields
{
    /// <summary>All fields in their order, at least one; the value is null where there is no equals sign.</summary>
    public static IReadOnlyList<(string Name, string? Value)> Read(string text)
    {
        var fields = new List<(string, string?)>();
        Match field;
        var at = 0;
        do
        {
            field = Field().Match(text, at);
            at += field.Length;
            fields.Add((Unquoted(field, "text") ?? field.Groups["name"].Value, ValueOf(field)));
        } while (field.Groups["comma"].Success);
        return fields;
    }

    private static string? ValueOf(Match field) =>
        Unquoted(field, "quoted") ?? (field.Groups["plain"] is { Success: true } plain ? plain.Value : null);

    private static string? Unquoted(Match field, string group) =>
        field.Groups[group] is { Success: true } quoted
            ? quoted.Value.Replace("\"\"", "\"", StringComparison.Ordinal)
            : null;

    [GeneratedRegex(
        """
            \G\s*
            ("(?<text>([^"]|"")*)" | (?<name>[^=,]*?)\s* (=\s*("(?<quoted>([^"]|"")*)" | (?<plain>[^,]*?)))?)
            \s*((?<comma>,) | \z)
            """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        1000
    )]
    private static partial Regex Field();
}
