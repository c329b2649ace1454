namespace ControlNetSharp.Pictures;

/// <summary>
/// A picture cannot be used: it is missing, of an unknown format, damaged, too large, or cannot be written.
/// </summary>
public sealed class PictureException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="input">The picture, as the caller named it: a path, a field of a request.</param>
    /// <param name="reason">What is wrong with it, without its name.</param>
    /// <param name="innerException">The cause, if another exception was one.</param>
    public PictureException(string input, string reason, Exception? innerException = null)
        : base($"{input}: {reason}", innerException) => (Input, Reason) = (input, reason);

    /// <summary>The picture, as the caller named it.</summary>
    public string Input { get; }

    /// <summary>What is wrong with it, without its name.</summary>
    public string Reason { get; }
}
