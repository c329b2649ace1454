namespace ControlNetSharp.Cli;

/// <summary>A run was cancelled when a part of its work had been kept: exit code 130.</summary>
/// <param name="kept">What was kept.</param>
/// <param name="cause">The cancellation, where it came as an exception.</param>
internal sealed class InterruptedException(string kept, OperationCanceledException? cause = null)
    : OperationCanceledException($"Cancelled; {kept}", cause);
