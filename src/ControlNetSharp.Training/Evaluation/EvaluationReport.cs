namespace ControlNetSharp.Evaluation;

/// <summary>What <see cref="ControlEvaluation"/> has measured.</summary>
/// <param name="Kinds">A row a condition kind.</param>
/// <param name="PromptFidelity">What the pictures show of their prompts; null without a classifier.</param>
/// <param name="Quality">
/// How far the pictures are from real ones; null without a classifier, and where there are no scenes to compare with.
/// </param>
/// <param name="Combinations">A row a combination.</param>
/// <param name="Notes">What was left out and why, a sentence each.</param>
public sealed record EvaluationReport(
    IReadOnlyList<ControlScore> Kinds,
    PromptFidelity? PromptFidelity,
    PictureQuality? Quality,
    IReadOnlyList<CombinationScore> Combinations,
    IReadOnlyList<string> Notes
)
{
    /// <summary>The mean recovery of the kinds that have one; null where none has.</summary>
    public double? MeanRecovery => Kinds.Average(kind => kind.Recovery);
}

/// <summary>
/// The share of what the prompts name (things and places, the colour of the main thing, time of day) that a classifier
/// finds in the pictures, 0 to 1.
/// </summary>
/// <param name="WithControl">The mean over the condition kinds.</param>
/// <param name="WithoutControl">The same at weight 0, on the same scenes.</param>
/// <param name="RealPictures">The same of the real pictures: what the classifier can reach.</param>
/// <param name="Heads">How good the classifier is.</param>
public sealed record PromptFidelity(
    double? WithControl,
    double? WithoutControl,
    double? RealPictures,
    IReadOnlyList<ClassifierHead> Heads
);

/// <summary>One of the questions that the classifier answers.</summary>
/// <param name="Head">kind, time, style, colour or things.</param>
/// <param name="Accuracy">
/// The share of the real pictures, or of the things in them, that it gets right; null where none was asked for.
/// </param>
/// <param name="Precision">Of things: the share of those that it says that are there; null for the others.</param>
/// <param name="WithControl">
/// What it finds of the prompts in the pictures made with control, over all kinds; null where prompts do not name such
/// a thing.
/// </param>
/// <param name="WithoutControl">The same at weight 0.</param>
public sealed record ClassifierHead(
    string Head,
    double? Accuracy,
    double? Precision,
    double? WithControl,
    double? WithoutControl
);

/// <summary>
/// The kernel distance (KID, <see cref="KernelDistance"/>) between the classifier's features of pictures and of real
/// pictures of other scenes; lower is better.
/// </summary>
/// <param name="RealPictures">The pictures that are compared with.</param>
/// <param name="WithControl">The mean over the condition kinds.</param>
/// <param name="WithoutControl">The same at weight 0, on the same scenes.</param>
/// <param name="RealAgainstReal">The same for the real pictures of the scenes that were measured on: about 0.</param>
public sealed record PictureQuality(
    int RealPictures,
    double? WithControl,
    double? WithoutControl,
    double? RealAgainstReal
);

/// <summary>How well each condition of a combination is kept.</summary>
/// <param name="Combination">Such as "pose + depth".</param>
/// <param name="Kinds">A row for each of its kinds.</param>
public sealed record CombinationScore(string Combination, IReadOnlyList<CombinedKind> Kinds);

/// <summary>A condition kind in a combination.</summary>
/// <param name="Together">Its score in the combination.</param>
/// <param name="Alone">Its score on the same scenes with its own unit alone.</param>
public sealed record CombinedKind(ControlScore Together, ControlScore Alone)
{
    /// <summary>The share of the recovery that is kept: together / alone; null where alone recovers nothing.</summary>
    public double? Kept => Alone.Recovery > 0 ? Together.Recovery / Alone.Recovery : null;
}
