using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>Pictures that were computed together, and what they took.</summary>
/// <param name="Pictures">Picture k has the request's seed + k.</param>
/// <param name="Request">The request, with the size and the seed that it came to.</param>
/// <param name="Steps">Steps that were run.</param>
/// <param name="SecondsPerStep">Mean time of a step, for the whole batch.</param>
/// <param name="TotalSeconds">Time of everything: text, hints, steps, decoding.</param>
public sealed record GeneratedBatch(
    IReadOnlyList<Picture> Pictures,
    GenerationRequest Request,
    int Steps,
    double SecondsPerStep,
    double TotalSeconds
);
