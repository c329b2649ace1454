using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>Edges of surfaces by the embedded network: soft ones, or strokes and lines made from them.</summary>
internal sealed class EmbeddedEdgesAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Soft = new(
        "hed",
        ["softedge_pocket"],
        [],
        "soft edges, by the embedded network"
    )
    {
        Weights = EmbeddedVision.Weights,
    };
    internal static readonly AnnotatorInfo Strokes = new(
        "scribble",
        ["scribble_pocket"],
        [],
        "strokes along the edges that the embedded network sees"
    )
    {
        Weights = EmbeddedVision.Weights,
    };
    internal static readonly AnnotatorInfo Lines = new(
        "lineart",
        ["lineart_pocket"],
        [],
        "thin lines along the edges that the embedded network sees"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    internal static readonly AnnotatorInfo Straight = new(
        "hough",
        ["hough_pocket"],
        HoughAnnotator.Description.Options,
        "straight lines among the edges that the embedded network sees, in soft pictures too"
    )
    {
        Weights = EmbeddedVision.Weights,
    };

    /// <summary>Edges less sure than this are in no straight line.</summary>
    private const byte LeastOfStraight = 128;

    private readonly EmbeddedVision _vision;

    internal EmbeddedEdgesAnnotator(AnnotatorInfo info, AnnotatorNetworks networks) =>
        (Info, _vision) = (info, EmbeddedVision.Rent(networks, info));

    /// <inheritdoc/>
    public AnnotatorInfo Info { get; }

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var edges = Array.ConvertAll(
            _vision.Look(picture, cancellationToken).Edges,
            edge => (byte)MathF.Round(edge * 255)
        );
        var (width, height) = (picture.Width, picture.Height);
        if (Info == Straight)
        {
            var sure = Array.ConvertAll(
                ThinEdges.Of(edges, width, height),
                edge => edge >= LeastOfStraight ? edge : byte.MinValue
            );
            return HoughAnnotator.Among(sure, width, height, options ?? new AnnotatorOptions(Info));
        }

        return Greyscale.ToPicture(
            Info == Strokes ? ScribbleLines.OfSoftEdges(edges, width, height)
                : Info == Lines ? ThinEdges.Of(edges, width, height)
                : edges,
            width,
            height
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _vision.Dispose();
}
