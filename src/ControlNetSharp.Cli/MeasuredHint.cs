using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary>A hint and what is known of it beside its pixels.</summary>
/// <param name="Hint">The hint.</param>
/// <param name="Reading">How a file was read that can be read in several ways, for people; null where nothing is to be said.</param>
/// <param name="Pose">Key points of the people in it; null of other kinds.</param>
internal sealed record MeasuredHint(Picture Hint, string? Reading = null, PoseKeypoints? Pose = null);
