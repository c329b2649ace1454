namespace ControlNetSharp.Cli;

/// <summary>The user's input is wrong: exit code 2.</summary>
internal sealed class UsageException(string option, string message) : Exception(message)
{
    /// <summary>The option or argument that is wrong, as the user writes it.</summary>
    public string Option { get; } = option;

    /// <summary>An error that names option, value and what is allowed.</summary>
    public static UsageException Of(string option, string value, string allowed) => new(option, $"{option} {value}: {allowed}");
}
