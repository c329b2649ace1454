using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ControlNetSharp.Tests.Samples;

/// <summary>
/// A one-file sample, as <c>dotnet run FILE</c> compiles it, but against the assemblies of these tests and in this
/// process: seconds instead of half a minute.
/// </summary>
internal static partial class SampleProgram
{
    private static readonly string[] Usings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks",
    ];

    private static readonly string[] WebUsings =
    [
        "System.Net.Http.Json", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Http",
        "Microsoft.AspNetCore.Routing", "Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection",
        "Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging",
    ];

    /// <summary>What compiled code may use: all that these tests have.</summary>
    public static IReadOnlyList<MetadataReference> References { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(file => MetadataReference.CreateFromFile(file)),
    ];

    /// <summary>Compiles a sample and runs it to its end. What it throws is thrown.</summary>
    /// <param name="file">The sample's file.</param>
    /// <param name="arguments">Those of its command line.</param>
    public static void Run(string file, params string[] arguments)
    {
        var text = File.ReadAllText(file);
        // The compiler knows #: lines only of a program that is one file.
        var parsing = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest).WithFeatures([new("FileBasedProgram", "true")]);
        var names = text.Contains("#:sdk Microsoft.NET.Sdk.Web", StringComparison.Ordinal) ? Usings.Concat(WebUsings) : Usings;
        var usings = string.Concat(names.Select(name => $"global using global::{name};"));
        var silenced = SilencedPattern().Matches(text).Select(match => match.Groups["id"].Value);
        var compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(file) + "-sample",
            [CSharpSyntaxTree.ParseText(text, parsing, file), CSharpSyntaxTree.ParseText(usings, parsing)],
            References,
            new CSharpCompilationOptions(
                OutputKind.ConsoleApplication,
                nullableContextOptions: NullableContextOptions.Enable,
                specificDiagnosticOptions: silenced.Select(id => KeyValuePair.Create(id, ReportDiagnostic.Suppress))));
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly);
        var problems = result.Diagnostics.Where(problem => problem.Severity >= DiagnosticSeverity.Warning).ToList();
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(string.Join('\n', problems));
        }

        assembly.Position = 0;
        Run(new AssemblyLoadContext(file, isCollectible: true).LoadFromStream(assembly), arguments);
    }

    /// <summary>Runs a program that is an assembly.</summary>
    public static void Run(Assembly program, params string[] arguments) =>
        program.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [arguments], null);

    [GeneratedRegex(@"^#:property NoWarn=(?<id>\w+)", RegexOptions.Multiline, 1000)]
    private static partial Regex SilencedPattern();
}
