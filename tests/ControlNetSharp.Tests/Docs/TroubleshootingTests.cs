using System.Text.RegularExpressions;
using Xunit;

namespace ControlNetSharp.Tests.Docs;

/// <summary>The page of errors quotes what the program says.</summary>
public partial class TroubleshootingTests
{
    [Fact]
    public void EachQuotedError_IsInTheSource()
    {
        var files = Directory.GetFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(Repository.PathOf("src"), "*.targets", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        // Sentences that go on in another literal are read as one.
        var source = NextLiteral().Replace(string.Join('\n', files.Select(File.ReadAllText)), "");
        var page = File.ReadAllText(Repository.PathOf("docs/troubleshooting.md"));
        var quoted = FirstColumn().Matches(page).SelectMany(row => Quoted().Matches(row.Value)).Select(quote => quote.Groups["text"].Value).ToList();
        Assert.True(quoted.Count > 15, $"Only {quoted.Count} errors were found.");
        Assert.All(quoted, error => Assert.True(source.Contains(error, StringComparison.Ordinal), $"No source says: {error}"));
    }

    [GeneratedRegex("""
        "\s*\+\s*\$?"
        """, RegexOptions.IgnorePatternWhitespace, 10000)]
    private static partial Regex NextLiteral();

    [GeneratedRegex(@"^\| `[^|]*\|", RegexOptions.Multiline, 1000)]
    private static partial Regex FirstColumn();

    [GeneratedRegex("`(?<text>[^`]+)`", RegexOptions.None, 1000)]
    private static partial Regex Quoted();
}
