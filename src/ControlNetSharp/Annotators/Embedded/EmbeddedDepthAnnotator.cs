using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>Depth by the embedded network: near is bright.</summary>
internal sealed class EmbeddedDepthAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "depth",
        ["depth_pocket"],
        [],
        "depth, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    private readonly EmbeddedVision _vision;

    internal EmbeddedDepthAnnotator(AnnotatorNetworks networks) => _vision = EmbeddedVision.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) =>
        DepthPictures.Depth(
            Array.ConvertAll(_vision.Look(picture, cancellationToken).Metres, metres => 1 / metres),
            picture.Width,
            picture.Height
        );

    /// <summary>The network.</summary>
    public void Dispose() => _vision.Dispose();
}
