namespace ControlNetSharp.Text;

/// <summary>A prompt is written in a way that has no meaning.</summary>
/// <param name="message">The part that is meant, and how it is written.</param>
public sealed class PromptException(string message) : ArgumentException(message);
