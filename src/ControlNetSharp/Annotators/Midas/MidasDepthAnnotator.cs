using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// Depth by MiDaS (A1111: depth_midas): near is bright. Source: annotator/midas/__init__.py,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
public sealed class MidasDepthAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "depth",
        ["depth_midas"],
        [],
        "depth by MiDaS (DPT hybrid)"
    )
    {
        Weights = MidasDepth.Weights,
    };

    private readonly MidasDepth _depth;

    internal MidasDepthAnnotator(MidasDepth depth) => _depth = depth;

    internal MidasDepthAnnotator(AnnotatorNetworks networks) => _depth = MidasDepth.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => DepthPictures.Depth(_depth.Of(picture, cancellationToken), picture.Width, picture.Height);

    /// <inheritdoc/>
    public void Dispose() => _depth.Dispose();
}
