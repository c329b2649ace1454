namespace ControlNetSharp.Evaluation;

/// <summary>
/// How well a ControlNet makes pictures follow their hints: its condition, found again in pictures by the kind's
/// annotator, against the hint.
/// </summary>
/// <param name="Kind">The condition kind.</param>
/// <param name="Metric">What the scores are.</param>
/// <param name="HigherIsBetter">Whether a higher score is a better one.</param>
/// <param name="Pictures">Pictures that were measured.</param>
/// <param name="Score">The score of the pictures made with control. Scores are null where no picture has one.</param>
/// <param name="ScoreWithoutControl">The same at weight 0, with the same prompts and seeds: the floor.</param>
/// <param name="ScoreOfRoundTrip">
/// The same for the real pictures after the Autoencoder's round trip, which no picture of this model surpasses for
/// long.
/// </param>
/// <param name="ScoreOfRealPictures">The same for the real pictures themselves: the ceiling.</param>
public sealed record ControlScore(
    string Kind,
    string Metric,
    bool HigherIsBetter,
    int Pictures,
    double? Score,
    double? ScoreWithoutControl,
    double? ScoreOfRoundTrip,
    double? ScoreOfRealPictures
)
{
    /// <summary>
    /// How much of the way from floor to ceiling control covers: (score − floor) / (ceiling − floor), for scores of
    /// which a lower one is better, too. Null where there is no way: where floor and
    /// ceiling are equal, or the ceiling is the worse of both.
    /// </summary>
    public double? Recovery => RecoveryOf(Score, ScoreWithoutControl, ScoreOfRealPictures, HigherIsBetter);

    /// <summary>
    /// What the pictures made with control show of their prompts; null without a classifier. See
    /// <see cref="PromptFidelity"/>.
    /// </summary>
    public double? PromptFidelity { get; init; }

    /// <summary>The same at weight 0.</summary>
    public double? PromptFidelityWithoutControl { get; init; }

    /// <summary>The same of the real pictures.</summary>
    public double? PromptFidelityOfRealPictures { get; init; }

    /// <summary>
    /// How far the pictures made with control are from real ones; null without a classifier. See
    /// <see cref="PictureQuality"/>.
    /// </summary>
    public double? KernelDistance { get; init; }

    /// <summary>The same at weight 0.</summary>
    public double? KernelDistanceWithoutControl { get; init; }

    internal static double? RecoveryOf(double? score, double? floor, double? ceiling, bool higherIsBetter) =>
        higherIsBetter
            ? ceiling > floor
                ? (score - floor) / (ceiling - floor)
                : null
            : ceiling < floor
                ? (score - floor) / (ceiling - floor)
                : null;
}
