namespace ControlNetSharp.Runtime;

/// <summary>
/// The native runtime (libtorch), a device or the memory that was asked for is not available on this machine.
/// </summary>
public sealed class RuntimeUnavailableException : Exception
{
    /// <summary>Creates the exception with a message that names what is missing and what was tried.</summary>
    public RuntimeUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException) { }

    /// <summary>The device that is not there; null where something else is missing.</summary>
    public string? Device { get; init; }
}
