using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;

namespace ControlNetSharp.Pipelines;

/// <summary>What a generation goes by, with nothing left open.</summary>
/// <param name="Request">The request, with size and seed.</param>
/// <param name="Size">Its size: that of the first pass.</param>
/// <param name="Units">The units that act.</param>
/// <param name="First">The sampling of the first pass.</param>
/// <param name="Second">That of the second; null where there is none, or it only enlarges.</param>
/// <param name="Canvas">The picture to start from; null for noise alone.</param>
/// <param name="Prompt">What the picture shows.</param>
/// <param name="Negative">What it does not show.</param>
/// <param name="Regions">Parts of it with prompts of their own.</param>
/// <param name="Report">Told of the steps.</param>
/// <param name="Tiles">The sampling of tiles; null where there are none, or they are only enlarged.</param>
/// <param name="TileSide">Side of a tile in pixels; 0 where there are none.</param>
internal sealed record GenerationCourse(
    GenerationRequest Request,
    PictureSize Size,
    IReadOnlyList<PreparedControl> Units,
    SamplingPlan First,
    SamplingPlan? Second,
    InitialCanvas? Canvas,
    ParsedPrompt Prompt,
    ParsedPrompt Negative,
    IReadOnlyList<PreparedRegion> Regions,
    StepReport Report,
    SamplingPlan? Tiles,
    int TileSide
);
