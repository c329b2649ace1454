using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Turns a picture into a hint of one condition kind (A1111 calls it a preprocessor). Made by
/// <see cref="AnnotatorCatalogue.Create(string, AnnotatorFiles?, string)"/>; the caller disposes it.
/// </summary>
public interface IAnnotator : IDisposable
{
    /// <summary>The annotator's row in the catalogue.</summary>
    AnnotatorInfo Info { get; }

    /// <summary>Makes the hint.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="options">Options made for this annotator; all defaults where null.</param>
    /// <param name="cancellationToken">
    /// Looked at before each network, and between the parts of a picture that are computed one by one.
    /// </param>
    /// <returns>A hint of the same size, owned by the caller.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Picture Annotate(Picture picture, AnnotatorOptions? options = null, CancellationToken cancellationToken = default);
}
