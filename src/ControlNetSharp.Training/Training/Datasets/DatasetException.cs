namespace ControlNetSharp.Training.Datasets;

/// <summary>A dataset, or one line of it, cannot be used.</summary>
public sealed class DatasetException : Exception
{
    /// <summary>Creates the exception for a file or folder as a whole.</summary>
    /// <param name="file">The file or folder.</param>
    /// <param name="reason">What is wrong and what is allowed, without the file's name.</param>
    /// <param name="innerException">The cause, if another exception was one.</param>
    public DatasetException(string file, string reason, Exception? innerException = null)
        : base($"{file}: {reason}", innerException) => (File, Reason) = (file, reason);

    /// <summary>Creates the exception for one line.</summary>
    /// <param name="file">The file.</param>
    /// <param name="line">The line, counted from 1.</param>
    /// <param name="field">The field or column; null where the line as a whole is wrong.</param>
    /// <param name="value">What stands there; null where nothing does.</param>
    /// <param name="reason">What is wrong and what is allowed, without file, field and value.</param>
    /// <param name="innerException">The cause, if another exception was one.</param>
    public DatasetException(
        string file,
        int line,
        string? field,
        string? value,
        string reason,
        Exception? innerException = null
    )
        : base(
            $"{file}, line {line}: "
                + $"{(field is null ? "" : field + " ")}{(value is null ? "" : $"\"{Shortened(value)}\" ")}{reason}",
            innerException
        ) => (File, Line, Field, Value, Reason) = (file, line, field, value, reason);

    /// <summary>
    /// The message with another name for the file, such as one relative to the dataset; what stands in the file is
    /// shown as it is.
    /// </summary>
    internal string MessageFor(string file) =>
        Message.StartsWith(File, StringComparison.Ordinal) ? file + Message[File.Length..] : Message;

    /// <summary>The file or folder.</summary>
    public string File { get; }

    /// <summary>The line, counted from 1; null where the file as a whole is wrong.</summary>
    public int? Line { get; }

    /// <summary>The field or column, where one is wrong.</summary>
    public string? Field { get; }

    /// <summary>What stands there.</summary>
    public string? Value { get; }

    /// <summary>What is wrong and what is allowed.</summary>
    public string Reason { get; }

    private static string Shortened(string value) => value.Length <= 200 ? value : value[..200] + "…";
}
