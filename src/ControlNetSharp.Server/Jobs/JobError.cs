namespace ControlNetSharp.Server.Jobs;

/// <summary>Why a job failed.</summary>
/// <param name="Code">A word for programs, such as <c>wrong_input</c>.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Member">The member of the payload that is at fault; null where none is.</param>
public sealed record JobError(string Code, string Message, string? Member = null);
