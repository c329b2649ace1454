using System.CommandLine;
using System.Globalization;

namespace ControlNetSharp.Cli;

/// <summary>
/// Numbers of the command line, read so that every error names the option, the value and what is allowed.
/// </summary>
internal static class Numbers
{
    public static int Whole(this ParseResult arguments, Option<string?> option, int otherwise, int least, int most) =>
        arguments.GetValue(option) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && value >= least
        && value <= most
            ? value
        : throw UsageException.Of(option.Name, text, $"must be a whole number from {least} to {most}.");

    public static double Real(
        this ParseResult arguments,
        Option<string?> option,
        double otherwise,
        double least,
        double most
    ) => arguments.GetValue(option) is { } text ? Real(option.Name, text, least, most) : otherwise;

    public static double Real(string option, string text, double least, double most, string? part = null) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && value >= least
        && value <= most
            ? value
            : throw UsageException.Of(
                option,
                part is null ? text : $"{part}={text}",
                $"must be a number from {least} to {most}."
            );
}
