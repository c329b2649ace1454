namespace ControlNetSharp.Evaluation;

/// <summary>How well a ControlNet makes pictures follow their hints; every score is a mean over pictures, and higher is better.</summary>
/// <param name="Kind">The condition kind.</param>
/// <param name="Metric">What the scores are.</param>
/// <param name="Score">The condition found again in the pictures made with control, against the hint.</param>
/// <param name="ScoreWithoutControl">The same at weight 0, with the same prompts and seeds: the floor.</param>
/// <param name="ScoreOfRoundTrip">The same for the real pictures after the Autoencoder's round trip, which no picture of this model surpasses for long.</param>
/// <param name="ScoreOfRealPictures">The same for the real pictures themselves: the ceiling.</param>
public sealed record ControlScore(string Kind, string Metric, double Score, double ScoreWithoutControl, double ScoreOfRoundTrip, double ScoreOfRealPictures)
{
    /// <summary>How much of the way from floor to ceiling control covers: (score − floor) / (ceiling − floor).</summary>
    public double Recovery => (Score - ScoreWithoutControl) / (ScoreOfRealPictures - ScoreWithoutControl);
}
