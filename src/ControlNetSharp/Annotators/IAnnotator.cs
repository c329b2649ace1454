using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Turns a picture into a hint of one condition kind (A1111 calls it a preprocessor). Made by <see cref="AnnotatorCatalogue.Create"/>; the caller disposes it.</summary>
public interface IAnnotator : IDisposable
{
    /// <summary>The annotator's row in the catalogue.</summary>
    AnnotatorInfo Info { get; }

    /// <summary>Makes the hint.</summary>
    /// <param name="picture">Any size of at least 1 x 1. Borrowed.</param>
    /// <param name="options">Options made for this annotator; all defaults where null.</param>
    /// <returns>A hint of the same size, owned by the caller.</returns>
    Picture Annotate(Picture picture, AnnotatorOptions? options = null);
}
