using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>A key point of a person.</summary>
/// <param name="X">Pixels from the left edge.</param>
/// <param name="Y">Pixels from the upper edge.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PosePoint(double X, double Y);
