using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>Words of the command line out of a fixed set.</summary>
internal static class Choices
{
    /// <summary>The value whose name was written, in any case.</summary>
    /// <param name="option">The option.</param>
    /// <param name="text">What was written.</param>
    /// <param name="part">The part of the option that it stands in, where it has parts.</param>
    /// <exception cref="UsageException">There is no such value; the message lists them.</exception>
    public static T Of<T>(string option, string text, string? part = null)
        where T : struct, Enum =>
        Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsDigit(text[0])
            ? value
            : throw UsageException.Of(
                option,
                part is null ? text : $"{part}={text}",
                $"{part ?? "it"} must be {string.Join(" or ", Enum.GetNames<T>().Select(Lower))}."
            );

    /// <summary>The word for a value.</summary>
    public static string Word<T>(this T value)
        where T : struct, Enum => Lower(value.ToString());

    /// <summary>Whether the user wrote an option.</summary>
    public static bool Has(this ParseResult arguments, Option option) =>
        arguments.GetResult(option) is { Implicit: false };

    private static string Lower(string name) => name.ToLowerInvariant();
}
