using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>A hint, and what an annotator knows of it beside its pixels.</summary>
/// <param name="Picture">The hint.</param>
/// <param name="Pose">Key points of the people in it; null of other kinds.</param>
/// <param name="Annotator">The name of the annotator that made it; null where a finished hint was given.</param>
internal sealed record MadeHint(Picture Picture, PoseKeypoints? Pose, string? Annotator);
