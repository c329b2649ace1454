using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>
/// An annotator that knows the key points behind its hint. A caller that gets an <see cref="IAnnotator"/> asks for this
/// interface, takes the key points, tells the user where
/// <see cref="PoseKeypoints.People"/> is empty, and draws them with <see cref="PoseDrawing.Draw"/>: that is the hint.
/// </summary>
public interface IPoseDetector
{
    /// <summary>Finds the persons in a picture.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="options">Options made for this annotator; all defaults where null.</param>
    /// <param name="cancellationToken">Looked at before each network.</param>
    /// <returns>Key points in pixels of the picture; no persons where none was found.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    );
}
