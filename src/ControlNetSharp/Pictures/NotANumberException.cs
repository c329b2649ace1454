namespace ControlNetSharp.Pictures;

/// <summary>
/// A network gave values that are not numbers, so there is no picture: its weights are damaged, or too large for the
/// dtype that it computes in.
/// </summary>
public sealed class NotANumberException : Exception
{
    /// <summary>Creates the exception with a message that says where the first such value is.</summary>
    public NotANumberException(string message)
        : base(message) { }
}
