using ControlNetSharp.Pictures;

namespace ControlNetSharp.Pipelines;

/// <summary>The pictures of a generation and what they took.</summary>
/// <param name="Pictures">One for each of the batch; picture k has seed + k.</param>
/// <param name="Request">The request that made them.</param>
/// <param name="Steps">Steps that were run.</param>
/// <param name="SecondsPerStep">Mean time of a step, for the whole batch.</param>
/// <param name="TotalSeconds">Time of everything: text, hints, steps, decoding.</param>
public sealed record GenerationResult(IReadOnlyList<Picture> Pictures, GenerationRequest Request, int Steps, double SecondsPerStep, double TotalSeconds);
