using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators;

/// <summary>A straight line between two pixels.</summary>
/// <param name="X0">Column of the one end.</param>
/// <param name="Y0">Row of the one end.</param>
/// <param name="X1">Column of the other end.</param>
/// <param name="Y1">Row of the other end.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LineSegment(double X0, double Y0, double X1, double Y1);
