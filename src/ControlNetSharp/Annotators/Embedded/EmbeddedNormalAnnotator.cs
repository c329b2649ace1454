using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// Surface directions by the embedded network, in the colours of ControlNet 1.1: red is left, green is up, blue is
/// towards the viewer.
/// </summary>
internal sealed class EmbeddedNormalAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "normal",
        ["normal_pocket"],
        [],
        "surface directions, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    private readonly EmbeddedVision _vision;

    internal EmbeddedNormalAnnotator(AnnotatorNetworks networks) =>
        _vision = EmbeddedVision.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => NormalColours.Paint(_vision.Look(picture, cancellationToken).NormalAt, picture.Width, picture.Height);

    /// <summary>The network.</summary>
    public void Dispose() => _vision.Dispose();
}
