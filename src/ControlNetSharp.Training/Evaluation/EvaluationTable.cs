using System.Globalization;
using System.Text;

namespace ControlNetSharp.Evaluation;

/// <summary>A report as Markdown, for people; <see cref="EvaluationSummary"/> is for programs.</summary>
internal static class EvaluationTable
{
    /// <summary>All tables, with a blank line between them.</summary>
    public static string Markdown(EvaluationReport report)
    {
        var text = new StringBuilder();
        var judged = report.PromptFidelity is not null;
        Row(
            text,
            [
                "kind",
                "metric",
                "score",
                "without control",
                "Autoencoder's round trip",
                "real pictures",
                "recovery",
                .. Only(judged, "prompt fidelity", "without control", "KID", "without control"),
            ],
            isHead: true
        );
        foreach (var kind in report.Kinds)
        {
            Row(
                text,
                [
                    kind.Kind,
                    Metric(kind),
                    Shown(kind.Score),
                    Shown(kind.ScoreWithoutControl),
                    Shown(kind.ScoreOfRoundTrip),
                    Shown(kind.ScoreOfRealPictures),
                    Shown(kind.Recovery),
                    .. Only(
                        judged,
                        Shown(kind.PromptFidelity),
                        Shown(kind.PromptFidelityWithoutControl),
                        Shown(kind.KernelDistance, "f4"),
                        Shown(kind.KernelDistanceWithoutControl, "f4")
                    ),
                ]
            );
        }

        text.Append(CultureInfo.InvariantCulture, $"\nMean recovery: {Shown(report.MeanRecovery)}\n");
        if (report.PromptFidelity is { } fidelity)
        {
            text.Append('\n');
            Row(text, ["over all kinds", "with control", "without control", "real pictures"], isHead: true);
            Row(
                text,
                [
                    "prompt fidelity (higher is better)",
                    Shown(fidelity.WithControl),
                    Shown(fidelity.WithoutControl),
                    Shown(fidelity.RealPictures),
                ]
            );
            if (report.Quality is { } quality)
            {
                Row(
                    text,
                    [
                        "KID (lower is better)",
                        Shown(quality.WithControl, "f4"),
                        Shown(quality.WithoutControl, "f4"),
                        Shown(quality.RealAgainstReal, "f4"),
                    ]
                );
            }

            text.Append('\n');
            Row(
                text,
                [
                    "the classifier",
                    "accuracy on real pictures",
                    "precision",
                    "found with control",
                    "found without control",
                ],
                isHead: true
            );
            foreach (var head in fidelity.Heads)
            {
                Row(
                    text,
                    [
                        head.Head,
                        Shown(head.Accuracy),
                        Shown(head.Precision),
                        Shown(head.WithControl),
                        Shown(head.WithoutControl),
                    ]
                );
            }
        }

        if (report.Combinations.Count > 0)
        {
            text.Append('\n');
            Row(text, ["combination", "kind", "metric", "score", "alone", "recovery", "alone", "kept"], isHead: true);
            foreach (
                var (combination, kind) in report.Combinations.SelectMany(row =>
                    row.Kinds.Select(kind => (row.Combination, kind))
                )
            )
            {
                Row(
                    text,
                    [
                        combination,
                        kind.Together.Kind,
                        Metric(kind.Together),
                        Shown(kind.Together.Score),
                        Shown(kind.Alone.Score),
                        Shown(kind.Together.Recovery),
                        Shown(kind.Alone.Recovery),
                        Shown(kind.Kept),
                    ]
                );
            }
        }

        return text.ToString();
    }

    private static string Metric(ControlScore score) =>
        score.HigherIsBetter ? score.Metric : $"{score.Metric} (lower is better)";

    private static string Shown(double? value, string format = "f3") =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    private static string[] Only(bool isThere, params string[] cells) => isThere ? cells : [];

    private static void Row(StringBuilder text, IReadOnlyList<string> cells, bool isHead = false)
    {
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
        if (isHead)
        {
            text.Append("| ").AppendJoin(" | ", cells.Select(_ => "---")).Append(" |\n");
        }
    }
}
