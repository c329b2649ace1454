namespace ControlNetSharp.Runtime;

/// <summary>A file is there already, and the caller did not ask that it be replaced.</summary>
public sealed class FileTakenException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file.</param>
    /// <param name="innerException">The cause, if another exception was one.</param>
    public FileTakenException(string file, Exception? innerException = null)
        : base($"{file}: there is such a file; it was not replaced.", innerException) => File = file;

    /// <summary>The file.</summary>
    public string File { get; }
}
