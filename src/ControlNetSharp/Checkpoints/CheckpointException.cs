namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A checkpoint file cannot be used: it is damaged, of an unknown kind, or does not fit the model it was meant for.
/// Nothing of it was loaded.
/// </summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file, as the caller named it.</param>
    /// <param name="reason">What is wrong with it, without the file's name.</param>
    /// <param name="keys">The first keys that are missing, unexpected or misshapen, if that is the reason.</param>
    /// <param name="innerException">The cause, if another exception was one.</param>
    public CheckpointException(
        string file,
        string reason,
        IReadOnlyList<string>? keys = null,
        Exception? innerException = null
    )
        : base($"{file}: {reason}", innerException)
    {
        File = file;
        Keys = keys ?? [];
    }

    /// <summary>The file, as the caller named it.</summary>
    public string File { get; }

    /// <summary>
    /// The first keys that are missing, unexpected or misshapen; empty where keys are not the reason.
    /// </summary>
    public IReadOnlyList<string> Keys { get; }
}
