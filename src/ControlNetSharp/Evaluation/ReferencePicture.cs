using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>A real picture from which a hint is made, and the prompt for the pictures that are to follow it.</summary>
/// <param name="Picture">Width and height are multiples of 8.</param>
/// <param name="Prompt">What it shows; may be empty.</param>
public sealed record ReferencePicture(Picture Picture, string Prompt);
