using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>A hint that was made alone.</summary>
/// <param name="Hint">The hint.</param>
/// <param name="Annotator">Name of what made it, or none.</param>
/// <param name="Pose">Key points of the people in it; null of other kinds.</param>
/// <param name="Warnings">What may not be as it was meant: sentences.</param>
/// <param name="Seconds">Time it took.</param>
public sealed record AnnotationResult(
    Picture Hint,
    string Annotator,
    PoseKeypoints? Pose,
    IReadOnlyList<string> Warnings,
    double Seconds
)
{
    /// <summary>How a file was read that can be read in several ways; null where nothing is to be said.</summary>
    public string? Reading { get; init; }

    internal static AnnotationResult Of(
        ControlUnit unit,
        HintInput source,
        HintMaker maker,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        var made = maker.Make(source, unit.Options, unit.Resolution, target: null, cancellationToken);
        return new(
            made.Picture,
            made.Annotator ?? ControlUnit.NoAnnotator,
            made.Pose,
            [.. HintMaker.Warnings(source, made.Picture)],
            clock.Elapsed.TotalSeconds
        )
        {
            Reading = source.Reading,
        };
    }
}
