namespace ControlNetSharp.Engine;

/// <summary>Something about a request that was carried out and may still not be what was meant.</summary>
/// <param name="Member">The member it is about by its path in the request, such as <c>units[0].picture</c>.</param>
/// <param name="Value">Its value as a person would write it; null where the member as a whole is meant.</param>
/// <param name="Text">What was seen, and what mends it: a sentence.</param>
public sealed record RequestWarning(string Member, string? Value, string Text);
