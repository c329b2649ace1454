using Xunit;

namespace ControlNetSharp.Tests.Docs;

/// <summary>What the pages of the documentation point to in the repository is there.</summary>
public class LinkTests
{
    public static TheoryData<string> Pages => [.. MarkdownFile.All.Select(file => Path.GetRelativePath(Repository.PathOf("."), file).Replace('\\', '/'))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_LinksOnlyToWhatIsThere(string page)
    {
        var file = Repository.PathOf(page);
        var missing = new MarkdownFile(file).LocalLinks.Where(link => !IsThere(file, link)).ToList();
        Assert.True(missing.Count == 0, $"{page}: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Readme_LinksToEachPageOfTheDocumentation_OrAPageItLinksToDoes()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>([Repository.PathOf("README.md")]);
        while (waiting.TryDequeue(out var page))
        {
            var linked = new MarkdownFile(page).LocalLinks.Select(link => Target(page, link).File).Where(file => file.EndsWith(".md", StringComparison.Ordinal));
            foreach (var file in linked.Where(file => File.Exists(file) && seen.Add(file)))
            {
                waiting.Enqueue(file);
            }
        }

        Assert.All(Directory.GetFiles(Repository.PathOf("docs"), "*.md"), file => Assert.Contains(Path.GetFullPath(file), seen));
    }

    [Fact]
    public void PackagesReadme_HasNoLocalLinks_WhichNoFeedCouldFollow() =>
        Assert.Empty(new MarkdownFile(Repository.PathOf("packaging/README.md")).LocalLinks);

    private static bool IsThere(string page, string link)
    {
        var (file, anchor) = Target(page, link);
        return anchor.Length == 0
            ? File.Exists(file) || Directory.Exists(file)
            : file.EndsWith(".md", StringComparison.Ordinal) && File.Exists(file) && new MarkdownFile(file).Anchors.Contains(anchor);
    }

    private static (string File, string Anchor) Target(string page, string link)
    {
        var parts = Uri.UnescapeDataString(link).Split('#', 2);
        var file = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
        return (Path.GetFullPath(file), parts.Length > 1 ? parts[1] : "");
    }
}
