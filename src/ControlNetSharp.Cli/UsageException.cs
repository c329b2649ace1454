namespace ControlNetSharp.Cli;

/// <summary>The user's input is wrong: exit code 2.</summary>
internal sealed class UsageException(string option, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The option or argument that is wrong, as the user writes it.</summary>
    public string Option { get; } = option;

    /// <summary>An error that names option, value and what is allowed.</summary>
    public static UsageException Of(string option, string value, string allowed, Exception? innerException = null) =>
        new(option, $"{option}{(value.Length == 0 ? "" : " ")}{value}: {allowed}", innerException);
}
