using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet evaluate --annotators</c>: the scores of the embedded annotators.</summary>
internal static class AnnotatorTable
{
    /// <summary>The size of the embedded model's pictures.</summary>
    private const int Size = 256;
    private const int Workers = 2;

    public static void Run(
        IReadOnlyList<long> seeds,
        AnnotatorFiles files,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        NativeLibraries.EnsureLoaded();
        using var vision = EmbeddedVision.Load(files);
        IReadOnlyList<AnnotatorScore> scores;
        var clock = Stopwatch.StartNew();
        using (var bar = new ProgressBar(output))
        {
            scores = AnnotatorEvaluation.Of(
                vision,
                seeds,
                Size,
                Workers,
                done => bar.Show(done, seeds.Count, clock.Elapsed.TotalSeconds),
                cancellationToken
            );
        }

        if (json)
        {
            output.WriteJson(new { scenes = seeds.Count, annotators = scores });
            return;
        }

        output.Result.WriteLine("| kind | metric | score |\n| --- | --- | --- |");
        foreach (var score in scores)
        {
            output.Result.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {score.Kind} | {score.Metric} ({(score.HigherIsBetter ? "higher" : "lower")} is better) | "
                        + $"{score.Score:f3} |"
                )
            );
        }
    }
}
