using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>Skeletons of persons by the embedded network.</summary>
public sealed class EmbeddedPoseAnnotator : IAnnotator, IPoseDetector
{
    internal static readonly AnnotatorInfo Description = new(
        "pose",
        ["openpose_pocket"],
        [],
        "skeletons of drawn persons, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    private readonly EmbeddedVision _vision;

    internal EmbeddedPoseAnnotator(AnnotatorNetworks networks) => _vision = EmbeddedVision.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    /// <remarks>The hint is black where no person was found; <see cref="Detect"/> tells.</remarks>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => PoseDrawing.Draw(Detect(picture, options, cancellationToken));

    /// <inheritdoc/>
    public PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => _vision.Look(picture, cancellationToken).People with { FoundBy = Description.Name };

    /// <summary>The network.</summary>
    public void Dispose() => _vision.Dispose();
}
