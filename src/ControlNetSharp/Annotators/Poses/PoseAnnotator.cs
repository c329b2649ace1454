using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// An annotator that knows the key points behind its hint. A caller that gets an <see cref="IAnnotator"/> asks whether
/// it is one, takes the key points, tells the user where nobody was found, and draws them with
/// <see cref="PoseDrawing.Draw"/>: that is the hint.
/// </summary>
public abstract class PoseAnnotator : IAnnotator
{
    /// <inheritdoc/>
    public abstract AnnotatorInfo Info { get; }

    /// <inheritdoc/>
    /// <remarks>The hint is black where nobody was found; <see cref="Detect"/> tells.</remarks>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Look(picture, options, cancellationToken).Hint;

    /// <summary>The key points in a picture, and the hint that is drawn of them.</summary>
    internal (Picture Hint, PoseKeypoints Pose) Look(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= new AnnotatorOptions(Info);
        var pose = Detect(picture, options, cancellationToken);
        return (PoseDrawing.Draw(pose, PoseStyles.Of(options)), pose);
    }

    /// <summary>Finds the persons or animals in a picture.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="options">Options made for this annotator; all defaults where null.</param>
    /// <param name="cancellationToken">Looked at before each network.</param>
    /// <returns>Key points in pixels of the picture; nobody where none was found.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    );

    /// <summary>Gives back the networks.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back the networks.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called; nothing is to be done otherwise.</param>
    protected abstract void Dispose(bool disposing);
}
