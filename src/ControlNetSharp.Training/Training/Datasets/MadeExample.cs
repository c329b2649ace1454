using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training.Datasets;

/// <summary>An example that was made and not found.</summary>
/// <param name="Hint">The hint (the tutorial's source).</param>
/// <param name="Picture">The picture (the tutorial's target), of the hint's size.</param>
/// <param name="Caption">The prompt.</param>
public sealed record MadeExample(Picture Hint, Picture Picture, string Caption);
