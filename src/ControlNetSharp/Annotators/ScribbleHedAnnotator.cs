using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Scribbles from the soft edges of HED, as the original made those that it was trained on.</summary>
public sealed class ScribbleHedAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new("scribble", ["scribble_hed"], [], "strokes along the soft edges of the HED network") { Weights = HedAnnotator.Weights };

    private readonly HedAnnotator _edges;

    /// <summary>Loads the network.</summary>
    /// <param name="files">Where the weights are looked for.</param>
    internal ScribbleHedAnnotator(AnnotatorFiles files) => _edges = new HedAnnotator(Description, files);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(Picture picture, AnnotatorOptions? options = null)
    {
        var edges = Greyscale.Of(_edges.Annotate(picture));
        return Greyscale.ToPicture(ScribbleLines.OfSoftEdges(edges, picture.Width, picture.Height), picture.Width, picture.Height);
    }

    /// <summary>The network.</summary>
    public void Dispose() => _edges.Dispose();
}
