using System.CommandLine;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Operation;

namespace ControlNetSharp.Cli;

/// <summary>The flags of a command that serves, made of the table of settings, and what they come to.</summary>
internal sealed class ServerOptions
{
    private static readonly Option<string?> Config = new("--config")
    {
        Description =
            "JSON file with settings, such as {\"port\": 7860}; flags and CONTROLNETSHARP_ variables come before it.",
    };
    private readonly IReadOnlyDictionary<Setting, Option> _options;

    /// <summary>The flags of some settings.</summary>
    public ServerOptions(IEnumerable<Setting> table) => _options = table.ToDictionary(setting => setting, OptionOf);

    /// <summary>A command with these flags.</summary>
    public Command Command(string name, string description, params ReadOnlySpan<Option> others)
    {
        var command = new Command(name, description);
        foreach (var option in (ReadOnlySpan<Option>)[.. _options.Values, Config, .. others])
        {
            command.Add(option);
        }

        return command;
    }

    /// <summary>Reads flags, environment and file.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="start">The defaults.</param>
    /// <returns>The settings as far as they can be read, and a sentence for each that is wrong.</returns>
    public (ServerSettings Settings, IReadOnlyList<string> Problems) Read(ParseResult arguments, ServerSettings start)
    {
        var (settings, unreadable) = new SettingSources(
            [.. _options.Keys],
            setting => Values(arguments, _options[setting]),
            Environment.GetEnvironmentVariable,
            arguments.GetValue(Config) ?? Environment.GetEnvironmentVariable("CONTROLNETSHARP_CONFIG")
        ).Read(start);
        return (settings, [.. unreadable, .. SettingRules.Problems(settings)]);
    }

    /// <inheritdoc cref="Read"/>
    /// <exception cref="SettingsException">Settings are wrong; every one is named.</exception>
    public ServerSettings Require(ParseResult arguments, ServerSettings start) =>
        Read(arguments, start) is var (settings, problems) && problems.Count > 0
            ? throw new SettingsException(problems)
            : settings;

    private static Option OptionOf(Setting setting) =>
        setting.IsSwitch
            ? new Option<bool>("--" + setting.Name) { Description = setting.Meaning }
            : new Option<string[]>("--" + setting.Name) { Description = setting.Meaning };

    private static string[]? Values(ParseResult arguments, Option option) =>
        option switch
        {
            _ when !arguments.Has(option) => null,
            Option<bool> isOn => [arguments.GetValue(isOn) ? "true" : "false"],
            _ => arguments.GetValue((Option<string[]>)option),
        };
}
