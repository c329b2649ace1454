using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;

namespace ControlNetSharp.Tests.Samples;

/// <summary>A notebook, run as its kernel does: one C# cell after the other, each seeing what those before it made.</summary>
internal static partial class NotebookRun
{
    private const string Steps = "var steps = 20;";

    /// <summary>Runs all cells with one step.</summary>
    /// <param name="notebook">The file.</param>
    /// <param name="cancellationToken">Ends it between cells.</param>
    /// <returns>What it showed as HTML.</returns>
    public static async Task<IReadOnlyList<string>> OfAsync(string notebook, CancellationToken cancellationToken)
    {
        var shown = new List<string>();
        var options = ScriptOptions.Default.AddReferences(SampleProgram.References).AddImports(
            "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading.Tasks");
        ScriptState<object>? state = null;
        var cells = Cells(notebook).ToList();
        Assert(cells.Exists(cell => cell.Contains(Steps, StringComparison.Ordinal)), $"No cell has {Steps}");
        foreach (var cell in cells)
        {
            // The packages are what these tests are built of; the paths are the repository's.
            var code = PackageReference().Replace(cell, "").Replace(Steps, "var steps = 1;", StringComparison.Ordinal);
            code = code.Replace("\"../docs/", $"\"{Repository.PathOf("docs").Replace('\\', '/')}/", StringComparison.Ordinal);
            state = state is null
                ? await CSharpScript.RunAsync(code, options, new NotebookKernel(shown), typeof(NotebookKernel), cancellationToken)
                : await state.ContinueWithAsync(code, options, cancellationToken);
        }

        return shown;
    }

    private static IEnumerable<string> Cells(string notebook)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(notebook));
        foreach (var cell in json.RootElement.GetProperty("cells").EnumerateArray())
        {
            if (cell.GetProperty("cell_type").GetString() == "code")
            {
                yield return string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString()));
            }
        }
    }

    private static void Assert(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException(problem);
        }
    }

    [GeneratedRegex("""^#r "nuget: ?ControlNetSharp[\w.]*(, ?[\w.*-]+)?"\r?$""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PackageReference();
}
