using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>What the networks are told at each step, and where that counts.</summary>
/// <param name="Steps">
/// The prompts of each step, at least one; those of the last one count for steps beyond. Borrowed.
/// </param>
/// <param name="Share">
/// [1, 1, h, w] of latents, float32, 0..1: how much of each place it makes; null for everything. The shares of all
/// areas are 1 together. Borrowed.
/// </param>
internal sealed record PromptArea(IReadOnlyList<StepSides> Steps, Tensor? Share = null)
{
    /// <summary>The prompts of a step.</summary>
    public StepSides At(int step) => Steps[Math.Min(step, Steps.Count - 1)];

    /// <summary>The areas that count anywhere in a part of the latents.</summary>
    /// <param name="areas">Those of the whole.</param>
    /// <param name="part">The part of [1, 1, h, w]; a view.</param>
    public static IReadOnlyList<PromptArea> Within(IReadOnlyList<PromptArea> areas, Func<Tensor, Tensor> part) =>
        Counting([.. areas.Select(area => area with { Share = area.Share is { } share ? part(share) : null })]);

    /// <summary>Those that count anywhere; a single one is everything.</summary>
    public static IReadOnlyList<PromptArea> Counting(IReadOnlyList<PromptArea> areas)
    {
        var counting = areas.Where(area => area.Share is not { } share || Counts(share)).ToList();
        return counting is [var only] ? [only with { Share = null }] : counting;
    }

    /// <summary>Whether a share is above 0 anywhere.</summary>
    public static bool Counts(Tensor share) => share.IsAbove(0).any().item<bool>();
}
