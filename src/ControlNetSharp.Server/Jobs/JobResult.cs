using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.Jobs;

/// <summary>What a finished job came to.</summary>
/// <param name="Files">In order: pictures by seed, then hints by unit.</param>
/// <param name="Warnings">What may not be as it was meant.</param>
/// <param name="Facts">What else is known: seed, seconds a step …</param>
public sealed record JobResult(
    IReadOnlyList<NewJobFile> Files,
    IReadOnlyList<JobWarning> Warnings,
    JsonObject? Facts = null
);
