using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlNetSharp.Server.Studio;
using Xunit;

namespace ControlNetSharp.Server.Tests.Studio;

/// <summary>The files of the page, without a browser.</summary>
public sealed partial class StudioFileTests
{
    private const int MostBytes = 600 * 1024;
    private const int Patience = 1000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_IsThePage_AndIsNotSentTwice()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        using var first = await server.Client.GetAsync(new Uri("/", UriKind.Relative), Cancelled);
        Assert.Equal("text/html", first.Content.Headers.ContentType?.MediaType);

        using var question = new HttpRequestMessage(HttpMethod.Get, "/");
        question.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await server.Client.SendAsync(question, Cancelled);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task EveryFile_IsServedWithItsType()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        foreach (var file in StudioFile.All)
        {
            using var answer = await server.Client.GetAsync(new Uri("/" + file.Path, UriKind.Relative), Cancelled);
            Assert.Equal(file.MediaType, answer.Content.Headers.ContentType?.ToString());
            Assert.Equal(file.Bytes, await answer.Content.ReadAsByteArrayAsync(Cancelled));
        }
    }

    [Fact]
    public void Page_WeighsAtMost600KiB() => Assert.InRange(StudioFile.All.Sum(file => file.Bytes.Length), 1, MostBytes);

    [Fact]
    public void Imports_AreFilesOfThePage()
    {
        var paths = StudioFile.All.Select(file => file.Path).ToHashSet();
        foreach (var file in StudioFile.All.Where(file => file.MediaType.StartsWith("text/javascript", StringComparison.Ordinal)))
        {
            foreach (Match import in Import().Matches(TextOf(file)))
            {
                var target = new Uri(new Uri("http://page/" + file.Path), import.Groups["path"].Value).AbsolutePath[1..];
                Assert.True(paths.Contains(target), $"{file.Path} imports {import.Groups["path"].Value}, which is not there.");
            }
        }
    }

    [Fact]
    public void Libraries_HaveTheirLicences()
    {
        var paths = StudioFile.All.Select(file => file.Path).ToHashSet();
        foreach (var library in paths.Where(path => path.StartsWith("lib/", StringComparison.Ordinal) && path.EndsWith(".mjs", StringComparison.Ordinal)))
        {
            var name = library["lib/".Length..^".mjs".Length].Replace("preact-hooks", "preact", StringComparison.Ordinal);
            Assert.Contains($"lib/{name}.LICENSE", paths);
        }
    }

    /// <summary>The policy lets the page run nothing that does not come as a file of this server.</summary>
    [Fact]
    public void StartPage_HasNothingInline()
    {
        var html = TextOf(StudioFile.All.Single(file => file.Path == "index.html"));
        Assert.DoesNotMatch(@"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", html);
    }

    [Fact]
    public void German_HasEveryTextOfEnglish()
    {
        var english = KeysOf("texts/en.js");
        Assert.Equal([], english.Except(KeysOf("texts/de.js")));
        Assert.Contains("generate", english);
    }

    [Fact]
    public void EveryText_ThatThePageAsksFor_IsThere()
    {
        var known = KeysOf("texts/en.js").ToHashSet();
        var asked = StudioFile
            .All.Where(file => file.Path.EndsWith(".js", StringComparison.Ordinal))
            .SelectMany(file => Asked().Matches(TextOf(file)).Select(match => match.Groups["key"].Value));
        Assert.Equal([], asked.Except(known));
    }

    [Fact]
    public async Task Drawing_HasTheColoursOfTheLibrary()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var drawing = (await server.Client.GetFromJsonAsync<JsonNode>("/v1/drawing", Cancelled))!;
        Assert.Equal(150, drawing["classes"]!.AsArray().Count);
        Assert.Equal("sky #06e6e6", $"{drawing["classes"]![2]!["name"]} {drawing["classes"]![2]!["colour"]}");
        Assert.Equal("neck #ff5500", $"{drawing["joints"]![1]!["name"]} {drawing["joints"]![1]!["colour"]}");
        Assert.Equal(17, drawing["limbs"]!.AsArray().Count);
    }

    private static string TextOf(StudioFile file) => System.Text.Encoding.UTF8.GetString(file.Bytes);

    private static List<string> KeysOf(string path) =>
        [
            .. Key()
                .Matches(TextOf(StudioFile.All.Single(file => file.Path == path)))
                .Select(match => match.Groups["key"].Value),
        ];

    [GeneratedRegex("""from ?["'](?<path>\.[^"']+)["']""", RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex Import();

    [GeneratedRegex(
        """^  '?(?<key>[\w. ]+?)'?:\s*["'`]""",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        Patience
    )]
    private static partial Regex Key();

    [GeneratedRegex("""\bt\('(?<key>[\w.]+)'""", RegexOptions.ExplicitCapture, Patience)]
    private static partial Regex Asked();
}
