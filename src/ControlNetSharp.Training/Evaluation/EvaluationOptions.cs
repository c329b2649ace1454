using ControlNetSharp.Annotators;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Evaluation;

/// <summary>How <see cref="ControlEvaluation"/> measures.</summary>
internal sealed record EvaluationOptions
{
    /// <summary>Sampler, scheduler and steps of the pictures.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Guidance scale (CFG), 1 to 30; null (the default) for the model's own.</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>Whether combinations of units are measured, too.</summary>
    public bool WithCombinations { get; init; }

    /// <summary>Where annotators find their weights; beside the program by default.</summary>
    public AnnotatorFiles Annotators { get; init; } = AnnotatorFiles.None;

    /// <summary>Sees whether pictures show what their prompts name; null to leave that out. Borrowed.</summary>
    public SceneClassifier? Classifier { get; init; }

    /// <summary>
    /// Scenes that stand for real pictures where pictures are compared with real ones, 2 to 1 000; 0 to leave that out.
    /// Default 256.
    /// </summary>
    public int RealScenes { get; init; } = 256;

    /// <summary>
    /// Pictures that are worked on at a time, each by a thread of its own. For narrow models two with one libtorch
    /// thread each are faster than one with two.
    /// </summary>
    public int Workers { get; init; } = 1;
}
