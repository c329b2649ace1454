using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>Skeletons of persons by the embedded network.</summary>
internal sealed class EmbeddedPoseAnnotator : PoseAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "pose",
        ["openpose_pocket"],
        [PoseStyles.Option],
        "skeletons of drawn persons, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    private readonly EmbeddedVision _vision;

    internal EmbeddedPoseAnnotator(AnnotatorNetworks networks) => _vision = EmbeddedVision.Rent(networks, Description);

    /// <inheritdoc/>
    public override AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => _vision.Look(picture, cancellationToken).People with { FoundBy = Description.Name };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _vision.Dispose();
}
