using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// Areas in the colours of ADE20K by the embedded network, which knows the classes of the embedded world.
/// </summary>
internal sealed class EmbeddedSegmentationAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "segmentation",
        ["seg_pocket"],
        [],
        "areas in the colours of ADE20K, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    private readonly EmbeddedVision _vision;

    internal EmbeddedSegmentationAnnotator(AnnotatorNetworks networks) =>
        _vision = EmbeddedVision.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Ade20kPalette.Paint(_vision.Look(picture, cancellationToken).Labels, picture.Width, picture.Height);

    /// <summary>The network.</summary>
    public void Dispose() => _vision.Dispose();
}
