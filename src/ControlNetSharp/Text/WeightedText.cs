namespace ControlNetSharp.Text;

/// <summary>A piece of a prompt and how much it counts.</summary>
/// <param name="Text">The text, escapes resolved.</param>
/// <param name="Weight">1 for plain text; any number, negative ones too.</param>
/// <param name="IsBreak">
/// Whether it is the word BREAK, which has no text of its own: what follows begins a new chunk.
/// </param>
internal readonly record struct WeightedText(string Text, double Weight, bool IsBreak = false);
