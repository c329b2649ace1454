using ControlNetSharp.Networks;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Training;

/// <summary>An example as a training reads it: encoded, in a file of its own.</summary>
/// <param name="Example">Where it came from.</param>
/// <param name="Source">Where its hint came from.</param>
/// <param name="Key">Digest of all that its file follows from: picture, hint, caption, size, model, annotator.</param>
/// <param name="File">The file.</param>
/// <param name="Size">The size in pixels at which it is trained.</param>
/// <param name="Sizes">
/// What SDXL is told of it: the size of its picture in the dataset, where the crop begins in the scaled picture, and
/// <paramref name="Size"/>.
/// </param>
public sealed record CachedExample(
    TrainingExample Example,
    HintSource Source,
    string Key,
    string File,
    BucketSize Size,
    SizeConditioning Sizes
)
{
    /// <summary>What its hint shows: what the dataset says of it, or what is trained.</summary>
    public string Condition => Example.Condition ?? Source.Condition;
}
