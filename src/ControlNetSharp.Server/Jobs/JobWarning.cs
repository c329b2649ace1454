namespace ControlNetSharp.Server.Jobs;

/// <summary>Something that was carried out and may still not be what was meant.</summary>
/// <param name="Member">The member it is about, such as <c>units[0].picture</c>; empty for none.</param>
/// <param name="Value">Its value; null where the member as a whole is meant.</param>
/// <param name="Text">A sentence.</param>
public sealed record JobWarning(string Member, string? Value, string Text);
