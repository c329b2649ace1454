using System.Text.RegularExpressions;

namespace ControlNetSharp.Tests.Docs;

/// <summary>A page of the documentation: its links, its headings, its fenced blocks.</summary>
internal sealed partial class MarkdownFile
{
    private readonly string _path;
    private readonly string _prose;
    private readonly IReadOnlyList<(string Language, string Text)> _blocks;

    /// <summary>Reads one.</summary>
    /// <param name="path">The file.</param>
    public MarkdownFile(string path)
    {
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        _path = path;
        _blocks = [.. Fence().Matches(text).Select(block => (block.Groups["language"].Value, block.Groups["text"].Value))];
        _prose = InlineCode().Replace(Fence().Replace(text, ""), "``");
    }

    /// <summary>All pages of the repository.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.GetFiles(Repository.PathOf("."), "*.md"),
        .. new[] { "docs", "packaging", "deploy", "samples", "tests", "tools", "benchmarks" }
            .SelectMany(folder => Directory.GetFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories))
            .Where(file => !BuildOutput().IsMatch(file)),
    ];

    /// <summary>Where its links and pictures lead that lie in the repository, with what stands behind #.</summary>
    public IEnumerable<string> LocalLinks =>
        Link().Matches(_prose).Concat(Source().Matches(_prose)).Select(link => link.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal));

    /// <summary>What links can have behind #: the headings as web pages of repositories name them.</summary>
    public IReadOnlySet<string> Anchors
    {
        get
        {
            var anchors = new HashSet<string>(StringComparer.Ordinal);
            foreach (var heading in Heading().Matches(File.ReadAllText(_path)).Select(heading => heading.Groups["text"].Value.Trim()))
            {
                var name = NotInAnchors().Replace(Link().Replace(heading, "${text}").ToLowerInvariant(), "").Replace(' ', '-');
                var count = 0;
                while (!anchors.Add(count == 0 ? name : $"{name}-{count}"))
                {
                    count++;
                }
            }

            return anchors;
        }
    }

    /// <summary>Fenced blocks of a language; that of shell commands is none, or sh.</summary>
    public IEnumerable<string> Blocks(params string[] languages) =>
        _blocks.Where(block => languages.Contains(block.Language)).Select(block => block.Text);

    [GeneratedRegex("""^ *```(?<language>\w*)\n(?<text>.*?)^ *```""", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`\n]+`", RegexOptions.None, 1000)]
    private static partial Regex InlineCode();

    [GeneratedRegex("""\[(?<text>[^\]]*)\]\((?<target>[^)\s]+)\)""", RegexOptions.None, 1000)]
    private static partial Regex Link();

    [GeneratedRegex("(?:src|href)=\"(?<target>[^\"]+)\"", RegexOptions.None, 1000)]
    private static partial Regex Source();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1000)]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BuildOutput();
}
