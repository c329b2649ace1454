using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>A hint, and what an annotator knows of it beside its pixels.</summary>
/// <param name="Picture">The hint.</param>
/// <param name="Pose">Key points of the people in it; null of other kinds.</param>
internal sealed record MadeHint(Picture Picture, PoseKeypoints? Pose);
