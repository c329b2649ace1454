using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Scribbles from the soft edges of HED, as the original made those that it was trained on.</summary>
public sealed class ScribbleHedAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "scribble",
        ["scribble_hed"],
        [],
        "strokes along the soft edges of the HED network"
    )
    {
        Weights = HedAnnotator.Weights,
    };

    private readonly HedAnnotator _edges;

    /// <summary>Rents the network.</summary>
    /// <param name="networks">Where it comes from.</param>
    internal ScribbleHedAnnotator(AnnotatorNetworks networks) => _edges = new HedAnnotator(Description, networks);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var edges = Greyscale.Of(_edges.Annotate(picture, options: null, cancellationToken));
        return Greyscale.ToPicture(
            ScribbleLines.OfSoftEdges(edges, picture.Width, picture.Height),
            picture.Width,
            picture.Height
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _edges.Dispose();
}
