using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench annotate</c>: milliseconds for a hint of each kind, by the annotators whose weights are there.
/// </summary>
internal static class BenchAnnotateCommand
{
    private const int Rounds = 11;
    private static readonly Option<string?> Models = new("--models")
    {
        Description = "Folder in which annotators look for their weights.",
    };

    public static Command Create() =>
        new("annotate", "Milliseconds for a hint of each kind.") { BenchOptions.Size, Models };

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var size = BenchOptions.ReadSize(arguments);
        NativeLibraries.EnsureLoaded();
        var files = ModelFiles.ForAnnotators(arguments.GetValue(Models));
        // A street with people: edges, lines and areas of all sizes.
        var picture = SceneRenderer.Render(Scene.FromSeed(1_000_000), size);
        var rows = new List<AnnotatorTime>();
        foreach (var info in AnnotatorCatalogue.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Measure(info, files, picture) is { } milliseconds)
            {
                rows.Add(new AnnotatorTime(info.Kind, info.Name, milliseconds, MachineMemory.PeakBytes));
            }
        }

        if (json)
        {
            output.WriteJson(rows);
            return;
        }

        output.Result.WriteLine($"| kind | annotator | milliseconds at {size} x {size} |\n| --- | --- | --- |");
        foreach (var row in rows)
        {
            output.Result.WriteLine($"| {row.Kind} | {row.Annotator} | {row.Milliseconds:f1} |");
        }
    }

    /// <summary>The median time; null where the weights are missing.</summary>
    private static double? Measure(AnnotatorInfo info, AnnotatorFiles files, Picture picture)
    {
        try
        {
            using var annotator = AnnotatorCatalogue.Create(info.Name, files);
            var times = new double[Rounds];
            for (var round = 0; round < Rounds; round++)
            {
                var clock = Stopwatch.StartNew();
                annotator.Annotate(picture);
                times[round] = clock.Elapsed.TotalMilliseconds;
            }

            return times.Order().ElementAt(Rounds / 2);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>One row of the table.</summary>
    private sealed record AnnotatorTime(string Kind, string Annotator, double Milliseconds, long PeakMemoryBytes);
}
