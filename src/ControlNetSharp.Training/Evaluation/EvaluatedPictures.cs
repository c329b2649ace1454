using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>The pictures of one reference.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Reference">The real picture with its prompt.</param>
/// <param name="WithoutControl">Made at weight 0.</param>
/// <param name="WithControl">One a kind and combination that was measured on it.</param>
public sealed record EvaluatedPictures(
    int Index,
    ReferencePicture Reference,
    Picture WithoutControl,
    IReadOnlyList<ControlledPicture> WithControl
);

/// <summary>A picture that was made with control.</summary>
/// <param name="Name">The kind, or the kinds of the combination.</param>
/// <param name="Hints">The hint of each unit.</param>
/// <param name="Picture">The picture.</param>
public sealed record ControlledPicture(string Name, IReadOnlyList<Picture> Hints, Picture Picture);
