namespace ControlNetSharp.Server.Jobs;

/// <summary>What a job makes; says what its payload is.</summary>
public static class JobKind
{
    /// <summary>Pictures; the payload is a request as docs/request.md has it.</summary>
    public const string Generation = "generation";

    /// <summary>A hint; the payload is a control unit.</summary>
    public const string Annotation = "annotation";

    /// <summary>A picture, larger; the payload is an upscale request.</summary>
    public const string Upscale = "upscale";

    /// <summary>A score of control; the payload is an evaluation request.</summary>
    public const string Evaluation = "evaluation";

    /// <summary>A new ControlNet; the payload is a training request.</summary>
    public const string Training = "training";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Generation, Annotation, Upscale, Evaluation, Training];
}
