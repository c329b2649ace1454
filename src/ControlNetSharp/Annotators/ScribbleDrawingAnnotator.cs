using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// A drawing as a scribble: white lines on black, from dark lines on bright paper or from bright lines on dark ground,
/// whichever it is. Each by the original's own rule
/// (gradio_scribble2image.py, gradio_scribble2image_interactive.py, lllyasviel/ControlNet@ed85cd1).
/// </summary>
public sealed class ScribbleDrawingAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "scribble",
        ["scribble_drawing"],
        [],
        "a drawing of thin lines, dark on bright or bright on dark, no network"
    )
    {
        IsForDrawings = true,
    };

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
        return IsOnBrightPaper(picture) ? ScribbleLines.OfDarkLines(picture) : ScribbleLines.OfBrightLines(picture);
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }

    /// <summary>Lines cover less than the paper, so most pixels have its brightness.</summary>
    private static bool IsOnBrightPaper(Picture picture)
    {
        var grey = Greyscale.Of(picture);
        return 2L * grey.Count(value => value > 127) >= grey.Length;
    }
}
