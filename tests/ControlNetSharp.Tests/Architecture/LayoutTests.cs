using System.Text.RegularExpressions;
using Xunit;

namespace ControlNetSharp.Tests.Architecture;

/// <summary>The libraries' folders are the stations that a picture passes, in reading order; each uses only those before it.</summary>
public partial class LayoutTests
{
    private static readonly string[] Inference =
        ["Runtime", "Pictures", "Diffusion", "Networks", "Text", "Checkpoints", "Models", "Annotators", "Samplers", "Requests", "Pipelines", "Engine", "Hosting"];

    private static readonly string[] Training = ["Measuring", "Scenes", "Evaluation", "Training"];
    private static readonly string[] Order = [.. Inference, .. Training];

    [Fact]
    public void Folders_UseOnlyFoldersBeforeThem()
    {
        var violations = ViolationsIn("src/ControlNetSharp", Inference).Concat(ViolationsIn("src/ControlNetSharp.Training", Training)).ToList();
        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    private static List<string> ViolationsIn(string project, string[] folders)
    {
        var library = Repository.PathOf(project);
        var files = Directory.GetFiles(library, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(library, file).Replace('\\', '/'))
            .Where(file => !file.StartsWith("bin/", StringComparison.Ordinal) && !file.StartsWith("obj/", StringComparison.Ordinal))
            .ToList();
        Assert.True(files.Count > 50, $"Only {files.Count} files were found in {library}.");
        Assert.All(files, file => Assert.True(folders.Contains(file.Split('/')[0]), $"{file} lies in no folder of {project}; they are {string.Join(", ", folders)}."));
        return [.. files.SelectMany(file => Violations(file, File.ReadAllLines(Path.Combine(library, file))))];
    }

    [Theory]
    [InlineData("Pictures/A.cs", "using ControlNetSharp.Runtime;", true)]
    [InlineData("Pictures/A.cs", "using ControlNetSharp.Pictures;", true)]
    [InlineData("Pictures/A.cs", "using System.Text;", true)]
    [InlineData("Pictures/A.cs", "    using var a = ControlNetSharp.Training;", true)]
    [InlineData("Pictures/A.cs", "using ControlNetSharp.Networks;", false)]
    [InlineData("Networks/Blocks/A.cs", "using ControlNetSharp.Text;", false)]
    [InlineData("Checkpoints/A.cs", "using static ControlNetSharp.Samplers.Predictions;", false)]
    [InlineData("Samplers/A.cs", "global using ControlNetSharp.Training;", false)]
    [InlineData("Diffusion/A.cs", "using ControlNetSharp.Checkpoints;", false)]
    [InlineData("Engine/A.cs", "using ControlNetSharp.Requests;", true)]
    [InlineData("Scenes/A.cs", "using Pose = ControlNetSharp.Evaluation.Pose;", false)]
    public void Line_ThatUsesALaterFolder_IsReportedWithFileAndLine(string file, string line, bool allowed)
    {
        var violations = Violations(file, ["// first", line]).ToList();
        Assert.Equal(allowed ? 0 : 1, violations.Count);
        Assert.All(violations, violation => Assert.StartsWith($"{file}:2: {line}", violation, StringComparison.Ordinal));
    }

    /// <summary>A library has members; which option of a command line sets one is only known there.</summary>
    [Fact]
    public void Libraries_NameNoOptionOfACommandLine() =>
        AssertNone(line => !line.Place.StartsWith("ControlNetSharp.Cli/", StringComparison.Ordinal) && OptionName().IsMatch(line.Text));

    [Fact]
    public void Lines_EndAt120Columns() => AssertNone(line => line.Text.Length > 120);

    [Theory]
    [InlineData("throw new ArgumentException(\"--steps must be 1 to 1000.\");", true)]
    [InlineData("$\"{file}: give --models\"", true)]
    [InlineData("/// <summary>What <c>--steps</c> sets.</summary>", false)]
    [InlineData("count--; Write(\"a -- b\");", false)]
    public void OptionName_IsFoundInTexts(string line, bool isOne) => Assert.Equal(isOne, OptionName().IsMatch(line));

    private static void AssertNone(Func<(string Place, string Text), bool> isWrong)
    {
        var wrong = SourceLines().Where(isWrong).Select(line => $"{line.Place}: {line.Text.Trim()}").ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static IEnumerable<(string Place, string Text)> SourceLines()
    {
        var sources = Repository.PathOf("src");
        var files = Directory.GetFiles(sources, "*.cs", SearchOption.AllDirectories).Where(file => !BuildFolder().IsMatch(file)).ToList();
        Assert.True(files.Count > 500, $"Only {files.Count} files were found in {sources}.");
        return files.SelectMany(file => File.ReadLines(file).Select((text, index) => ($"{Path.GetRelativePath(sources, file).Replace('\\', '/')}:{index + 1}", text)));
    }

    private static IEnumerable<string> Violations(string file, IEnumerable<string> lines)
    {
        var own = file.Split('/')[0];
        foreach (var (index, line) in lines.Index())
        {
            var used = UsedFolder().Match(line).Groups["folder"].Value;
            if (Array.IndexOf(Order, used) > Array.IndexOf(Order, own))
            {
                yield return $"{file}:{index + 1}: {line} — {own} comes before {used} and must not use it.";
            }
        }
    }

    [GeneratedRegex(@"^\s*(global\s+)?using\s+(static\s+)?(\w+\s*=\s*)?ControlNetSharp\.(?<folder>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UsedFolder();

    [GeneratedRegex("^(?!\\s*//).*\"[^\"]*--[a-z]", RegexOptions.None, 1000)]
    private static partial Regex OptionName();

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BuildFolder();
}
