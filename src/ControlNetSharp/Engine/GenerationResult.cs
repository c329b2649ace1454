using ControlNetSharp.Pictures;

namespace ControlNetSharp.Engine;

/// <summary>The pictures of a request and what they took.</summary>
/// <param name="Pictures">In the order of their seeds.</param>
/// <param name="Summary">Hints, warnings, times.</param>
public sealed record GenerationResult(IReadOnlyList<GeneratedPicture> Pictures, GenerationSummary Summary)
{
    /// <summary>What may not be as it was meant.</summary>
    public IReadOnlyList<RequestWarning> Warnings => Summary.Warnings;

    /// <summary>
    /// The hint of each unit as its annotator made it, before it was brought to the size of the result.
    /// </summary>
    public IReadOnlyList<Picture> Hints => Summary.Hints;
}

/// <summary>What is known of a generation beside its pictures.</summary>
public sealed record GenerationSummary
{
    /// <summary>Seed of the first picture.</summary>
    public required long Seed { get; init; }

    /// <summary>
    /// The hint of each unit as its annotator made it, before it was brought to the size of the result.
    /// </summary>
    public required IReadOnlyList<Picture> Hints { get; init; }

    /// <summary>What may not be as it was meant.</summary>
    public required IReadOnlyList<RequestWarning> Warnings { get; init; }

    /// <summary>Steps of a batch, of all passes.</summary>
    public required int Steps { get; init; }

    /// <summary>Mean time of a step.</summary>
    public required double SecondsPerStep { get; init; }

    /// <summary>Time of everything, from the finding of files to the last picture.</summary>
    public required double TotalSeconds { get; init; }
}
