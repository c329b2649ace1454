using System.Text.Json;

namespace ControlNetSharp.Server.Operation;

/// <summary>
/// One setting, which is a flag (<c>--keep-days</c>), an environment variable (<c>CONTROLNETSHARP_KEEP_DAYS</c>) and a
/// key of the file (<c>keepDays</c>), read in one way.
/// </summary>
/// <param name="Name">Its name as the flag has it, without dashes.</param>
/// <param name="Meaning">A sentence for people, with the default.</param>
/// <param name="Apply">
/// The settings with the values. Throws <see cref="FormatException"/> with what is allowed where one is wrong.
/// </param>
internal sealed record Setting(
    string Name,
    string Meaning,
    Func<ServerSettings, IReadOnlyList<string>, ServerSettings> Apply
)
{
    private const string Prefix = "CONTROLNETSHARP_";

    /// <summary>Whether it is on where it is given, without a value.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Whether it may be given several times; in a variable the values stand between semicolons.</summary>
    public bool IsMany { get; init; }

    /// <summary>Whether a program that only works has it, too.</summary>
    public bool IsWorkers { get; init; }

    /// <summary>As an environment variable.</summary>
    public string Variable => Prefix + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>As a key of the file.</summary>
    public string Key => JsonNamingPolicy.CamelCase.ConvertName(string.Concat(Name.Split('-').Select(Capital)));

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
