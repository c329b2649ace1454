using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>An annotator that is a function of the picture and its options: <see cref="PictureHints"/>.</summary>
internal sealed class PictureAnnotator(AnnotatorInfo info, Func<Picture, AnnotatorOptions, Picture> make) : IAnnotator
{
    /// <inheritdoc/>
    public AnnotatorInfo Info => info;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        return make(picture, options ?? new AnnotatorOptions(info));
    }

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }
}
