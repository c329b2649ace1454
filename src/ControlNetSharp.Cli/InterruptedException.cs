namespace ControlNetSharp.Cli;

/// <summary>A run was cancelled when a part of its pictures had been written: exit code 130.</summary>
internal sealed class InterruptedException(int written, int wanted, OperationCanceledException cause)
    : OperationCanceledException($"Cancelled; {written} of {wanted} pictures were written.", cause, cause.CancellationToken);
