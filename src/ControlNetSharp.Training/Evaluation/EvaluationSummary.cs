namespace ControlNetSharp.Evaluation;

/// <summary>A report for programs: what was measured, and the scores; its members in camelCase are the JSON.</summary>
/// <param name="Model">The model as the request names it.</param>
/// <param name="Pictures">Pictures that were measured on.</param>
/// <param name="Kinds">A row a condition kind.</param>
/// <param name="MeanRecovery">Over the kinds that have one; null where none has.</param>
/// <param name="PromptFidelity">What the pictures show of their prompts; null without a classifier.</param>
/// <param name="Quality">How far the pictures are from real ones; null where that was not measured.</param>
/// <param name="Combinations">A row a combination.</param>
/// <param name="Notes">What was left out and why, a sentence each.</param>
public sealed record EvaluationSummary(
    string Model,
    int Pictures,
    IReadOnlyList<ControlScore> Kinds,
    double? MeanRecovery,
    PromptFidelity? PromptFidelity,
    PictureQuality? Quality,
    IReadOnlyList<EvaluationSummary.Combination> Combinations,
    IReadOnlyList<string> Notes
)
{
    /// <summary>The summary of a report.</summary>
    /// <param name="model">The model as the request names it.</param>
    /// <param name="pictures">Pictures that were measured on.</param>
    /// <param name="report">What was measured.</param>
    public static EvaluationSummary Of(string model, int pictures, EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new EvaluationSummary(
            model,
            pictures,
            report.Kinds,
            report.MeanRecovery,
            report.PromptFidelity,
            report.Quality,
            [.. report.Combinations.Select(row => new Combination(row.Combination, [.. row.Kinds.Select(Row.Of)]))],
            report.Notes
        );
    }

    /// <summary>How well each condition of a combination is kept.</summary>
    /// <param name="Name">Such as "pose + depth".</param>
    /// <param name="Kinds">A row for each of its kinds.</param>
    public sealed record Combination(
        [property: System.Text.Json.Serialization.JsonPropertyName("combination")] string Name,
        IReadOnlyList<Row> Kinds
    );

    /// <summary>A condition kind in a combination.</summary>
    /// <param name="Kind">The condition kind.</param>
    /// <param name="Metric">What is measured.</param>
    /// <param name="Pictures">Pictures that were measured on.</param>
    /// <param name="Score">In the combination.</param>
    /// <param name="ScoreWithoutControl">At weight 0.</param>
    /// <param name="ScoreOfRealPictures">Of the real pictures.</param>
    /// <param name="Recovery">In the combination.</param>
    /// <param name="SingleScore">Of its unit alone, on the same scenes.</param>
    /// <param name="SingleRecovery">Likewise.</param>
    /// <param name="Kept">The share of the recovery that is kept.</param>
    public sealed record Row(
        string Kind,
        string Metric,
        int Pictures,
        double? Score,
        double? ScoreWithoutControl,
        double? ScoreOfRealPictures,
        double? Recovery,
        double? SingleScore,
        double? SingleRecovery,
        double? Kept
    )
    {
        internal static Row Of(CombinedKind kind) =>
            new(
                kind.Together.Kind,
                kind.Together.Metric,
                kind.Together.Pictures,
                kind.Together.Score,
                kind.Together.ScoreWithoutControl,
                kind.Together.ScoreOfRealPictures,
                kind.Together.Recovery,
                kind.Alone.Score,
                kind.Alone.Recovery,
                kind.Kept
            );
    }
}
