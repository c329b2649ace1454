namespace ControlNetSharp.Annotators;

/// <summary>
/// The file that a network annotator needs. It is the user's own, or comes with the embedded model; nothing is
/// downloaded.
/// </summary>
/// <param name="FileNames">
/// Names under which the file is published, the usual one first; where the name alone says nothing
/// (<c>model.safetensors</c>) with the folder of the repository in front. A star stands for anything, where editions of
/// one network are published under names of their own.
/// </param>
/// <param name="Origin">The project that published it, such as <c>lllyasviel/Annotators</c>.</param>
/// <param name="Licence">The licence of the weights, such as <c>Apache-2.0</c>.</param>
public sealed record AnnotatorWeights(IReadOnlyList<string> FileNames, string Origin, string Licence)
{
    /// <summary>Whether the file comes with the package ControlNetSharp.Pocket.</summary>
    public bool IsEmbedded { get; init; }
}
