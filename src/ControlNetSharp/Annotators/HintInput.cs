using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>What a hint is made of, read.</summary>
/// <param name="Kind">The condition kind.</param>
/// <param name="Picture">What the annotator looks at; the hint itself where there is nothing left to see.</param>
/// <param name="Annotator">
/// What makes the hint, or made it of a file that is no picture; null where the picture already was the hint.
/// </param>
/// <param name="IsHint">Whether the picture is the hint.</param>
/// <param name="Reading">
/// How a file was read that can be read in several ways: a sentence; null where nothing is to be said.
/// </param>
internal sealed record HintInput(
    ConditionKind Kind,
    Picture Picture,
    AnnotatorInfo? Annotator,
    bool IsHint,
    string? Reading
)
{
    /// <summary>Key points of the people in it, where a file held them.</summary>
    public PoseKeypoints? Pose { get; init; }

    /// <summary>
    /// Whether the annotator was asked for by its name, so that no other one may answer in its place.
    /// </summary>
    public bool IsNamed { get; init; }
}
