using System.Text.RegularExpressions;
using ControlNetSharp.Cli;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Cli;
using Xunit;

namespace ControlNetSharp.Tests.Docs;

/// <summary>
/// The commands in the documentation are accepted by the real command line, and those whose pictures the repository has
/// make what they say: at 64 x 64 pixels, with one step and one picture.
/// </summary>
public sealed partial class CommandTests : IDisposable
{
    /// <summary>Between these is what a synopsis leaves open; no shell takes it so.</summary>
    private static readonly string[] Synopsis = ["[", "…", "..."];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Pages =>
        [.. MarkdownFile.All.Select(file => Path.GetRelativePath(Repository.PathOf("."), file).Replace('\\', '/')).Where(page => CommandsOf(page).Any())];

    /// <summary>Pages all of whose pictures are there.</summary>
    public static TheoryData<string> Runnable => ["README.md", "docs/uses.md"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Pages))]
    public void EachCommand_IsAccepted(string page)
    {
        var output = new CommandOutput(TextWriter.Null, TextWriter.Null, IsTerminal: false);
        Assert.All(CommandsOf(page), arguments => Assert.Empty(ControlNetCli.Parse([.. arguments], output).Arguments.Errors));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task EachGeneration_IsARequestThatCanBe(string page)
    {
        foreach (var arguments in CommandsOf(page).Where(IsOfItself))
        {
            var run = await CommandRun.Of([.. arguments.TakeWhile(word => word is not "--print-request"), "--print-request"]);
            Assert.True(run.ExitCode == 0, $"{page}: controlnet {string.Join(' ', arguments)}: {run.Message}");
        }
    }

    [Theory]
    [MemberData(nameof(Runnable))]
    public async Task EachCommandWhosePicturesAreThere_MakesAPicture(string page)
    {
        var commands = CommandsOf(page).Where(arguments => arguments[0] is "generate" or "annotate").ToList();
        Assert.NotEmpty(commands);
        foreach (var arguments in commands)
        {
            var before = Directory.GetFiles(_folder.Path).Length;
            var run = await CommandRun.Of(Small(arguments));
            Assert.True(run.ExitCode == 0, $"{page}: controlnet {string.Join(' ', arguments)}: {run.Message}");
            var made = Directory.GetFiles(_folder.Path);
            Assert.Equal(before + (arguments.Contains("pose=docs/uses/walking/poses") ? 8 : 1), made.Length);
            Assert.All(made, file => PictureReader.Read(file));
        }
    }

    [Fact]
    public void EachSampleThatIsNamed_IsThere()
    {
        var named = MarkdownFile.All.SelectMany(file => new MarkdownFile(file).Blocks("", "sh")).SelectMany(ShellCommands.Of)
            .Where(words => words is ["dotnet", "run", ..])
            .Select(words => words.FirstOrDefault(word => word.StartsWith("samples/", StringComparison.Ordinal)))
            .OfType<string>()
            .ToList();
        Assert.NotEmpty(named);
        Assert.All(named, sample => Assert.True(Path.Exists(Repository.PathOf(sample)), sample));
    }

    private static IEnumerable<IReadOnlyList<string>> CommandsOf(string page) =>
        new MarkdownFile(Repository.PathOf(page)).Blocks("", "sh").SelectMany(ShellCommands.OfControlNet)
            .Where(arguments => !arguments.Any(word => Synopsis.Any(sign => word.Contains(sign, StringComparison.Ordinal))));

    /// <summary>Whether a command makes a request of its own options, and not of a file that somebody has.</summary>
    private static bool IsOfItself(IReadOnlyList<string> arguments) =>
        arguments[0] == "generate" && !arguments.Any(word => word is "--request" or "--replay" or "--models" || word.StartsWith('@') || word.Contains(".onnx", StringComparison.Ordinal));

    private List<string> Small(IReadOnlyList<string> arguments)
    {
        var words = arguments.Select(word => PictureFile().Replace(word, file => Placed(file.Value))).ToList();
        if (words.IndexOf("--count") is >= 0 and var count)
        {
            words[count + 1] = "1";
        }

        if (words.IndexOf("--steps") is >= 0 and var steps)
        {
            words.RemoveRange(steps, 2);
        }

        return arguments[0] == "annotate" ? words
            : words.Contains("-o") ? [.. words, "--steps", "1", "--size", "64x64"]
            : [.. words, "--steps", "1", "--size", "64x64", "-o", _folder[$"{Directory.GetFiles(_folder.Path).Length}.png"]];
    }

    /// <summary>A file or folder of the repository, or a file that a command before this made.</summary>
    private string Placed(string file) => Path.Exists(Repository.PathOf(file)) ? Repository.PathOf(file) : _folder[file];

    [GeneratedRegex(@"[\w/.-]+\.(png|jpg|json)\b|docs/[\w/-]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PictureFile();
}
