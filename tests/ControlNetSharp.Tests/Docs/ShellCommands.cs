using System.Text;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Tests.Docs;

/// <summary>
/// The commands of a shell block as lists of words: enough of the shell for what the documentation has, which is
/// quotes, comments, continued lines, variables, loops, pipes and redirections.
/// </summary>
internal static partial class ShellCommands
{
    private const string Program = "controlnet";
    private const string Separators = ";|&<>";
    private static readonly string[] FromSource = ["dotnet", "run", "-c", "Release", "--project", "src/ControlNetSharp.Cli", "--"];

    /// <summary>The arguments of each call of <c>controlnet</c>, installed or run from the source.</summary>
    /// <param name="block">The text of the block.</param>
    public static IEnumerable<IReadOnlyList<string>> OfControlNet(string block) =>
        Of(block).Select(ArgumentsOf).OfType<IReadOnlyList<string>>();

    /// <summary>All commands of a block.</summary>
    public static IEnumerable<IReadOnlyList<string>> Of(string block)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var written in block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        {
            var line = Variable().Replace(written, name => variables.GetValueOrDefault(name.Groups["name"].Value, name.Value));
            if (Assignment().Match(line) is { Success: true } assignment)
            {
                variables[assignment.Groups["name"].Value] = assignment.Groups["value"].Value;
                continue;
            }

            // A loop's body is one command, for its first value.
            if (Loop().Match(line) is { Success: true } loop)
            {
                variables[loop.Groups["name"].Value] = loop.Groups["first"].Value;
                line = Variable().Replace(line, name => variables.GetValueOrDefault(name.Groups["name"].Value, name.Value));
            }

            foreach (var command in Words(line).Select(words => words.SkipWhile(word => word is "do" or "then").ToList()).Where(words => words.Count > 0))
            {
                yield return command;
            }
        }
    }

    private static List<string>? ArgumentsOf(IReadOnlyList<string> words) =>
        words[0] == Program ? [.. words.Skip(1)]
        : words.Take(FromSource.Length).SequenceEqual(FromSource) ? [.. words.Skip(FromSource.Length)]
        : null;

    /// <summary>The words of each command of a line.</summary>
    private static IEnumerable<List<string>> Words(string line)
    {
        var (words, word) = (new List<string>(), new StringBuilder());
        var (quote, isWord) = ('\0', false);
        void End()
        {
            if (isWord)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            isWord = false;
        }

        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
                word.Append(quote == '\0' ? "" : c.ToString());
            }
            else if (c is '"' or '\'')
            {
                (quote, isWord) = (c, true);
            }
            else if (c == '#' && !isWord)
            {
                break;
            }
            else if (Separators.Contains(c, StringComparison.Ordinal))
            {
                End();
                yield return words;
                words = [];
            }
            else if (c is ' ' or '\t')
            {
                End();
            }
            else
            {
                (isWord, _) = (true, word.Append(c));
            }
        }

        End();
        yield return words;
    }

    [GeneratedRegex(@"\$(?<name>\w+)", RegexOptions.None, 1000)]
    private static partial Regex Variable();

    [GeneratedRegex("""^(?<name>\w+)="(?<value>[^"]*)"$""", RegexOptions.None, 1000)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^\s*for (?<name>\w+) in \{?(?<first>\w+)", RegexOptions.None, 1000)]
    private static partial Regex Loop();
}
