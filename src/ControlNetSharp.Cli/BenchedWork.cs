namespace ControlNetSharp.Cli;

/// <summary>What a benched step computes.</summary>
/// <param name="Size">Width and height in pixels.</param>
/// <param name="Batch">Pictures computed together.</param>
/// <param name="Controls">How many controls there are.</param>
/// <param name="ControlType">What they are: <see cref="BenchControls.Types"/>.</param>
/// <param name="Guidance">The guidance scale; 1 computes one side only.</param>
/// <param name="CacheInterval">From one step that computes all to the next; 1 for all.</param>
/// <param name="MergedTokens">Share of the tokens that the largest self-attention does without.</param>
internal sealed record BenchedWork(
    int Size,
    int Batch,
    int Controls,
    string ControlType,
    double Guidance,
    int CacheInterval = 1,
    double MergedTokens = 0
);
