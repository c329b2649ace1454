using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.WebUi;

/// <summary>What a call of txt2img or img2img comes to.</summary>
internal sealed record GenerationPlan
{
    /// <summary>What is made, one after the other; their pictures follow each other in the answer.</summary>
    public required IReadOnlyList<GenerationRequest> Requests { get; init; }

    /// <summary>The control units, the same for all requests.</summary>
    public required IReadOnlyList<PlannedUnit> Units { get; init; }

    /// <summary>What the answer repeats.</summary>
    public required Payload Payload { get; init; }

    /// <summary>Whether it is img2img.</summary>
    public required bool IsImg2Img { get; init; }

    /// <summary>The sampler as it was asked for.</summary>
    public required string Sampler { get; init; }

    /// <summary>The options with what the call overrides.</summary>
    public required JsonObject Options { get; init; }

    /// <summary>What is not carried out as it was sent.</summary>
    public required List<string> Warnings { get; init; }

    /// <summary>Makes the pictures of the answer of those that were made; null where they are the same.</summary>
    public Func<IReadOnlyList<Picture>, IReadOnlyList<Picture>>? Joined { get; init; }

    /// <summary>The first request, of which the others differ in seeds and pictures alone.</summary>
    public GenerationRequest First => Requests[0];

    /// <summary>How many batches there are.</summary>
    public int Batches => Requests.Sum(request => request.Count);
}
