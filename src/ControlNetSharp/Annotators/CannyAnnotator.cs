using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Edges by <see cref="Canny"/>.</summary>
public sealed class CannyAnnotator : IAnnotator
{
    /// <summary>Ranges and defaults are those of the original's page (gradio_canny2image.py) and of A1111.</summary>
    internal static readonly AnnotatorInfo Description = new(
        "canny",
        ["canny"],
        [
            new("low", 1, 255, 100, Whole: true, "gradients above this continue an edge"),
            new("high", 1, 255, 200, Whole: true, "gradients above this begin an edge"),
        ],
        "edges of the picture, no network"
    );

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new AnnotatorOptions(Info);
        return Canny.Detect(picture, options["low"], options["high"]);
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }
}
