namespace ControlNetSharp.Evaluation;

/// <summary>How well an annotator sees what is there.</summary>
/// <param name="Kind">The condition kind.</param>
/// <param name="Metric">What the score is.</param>
/// <param name="Score">The score over all scenes.</param>
/// <param name="HigherIsBetter">Whether a higher score is a better one.</param>
public sealed record AnnotatorScore(string Kind, string Metric, double Score, bool HigherIsBetter);
