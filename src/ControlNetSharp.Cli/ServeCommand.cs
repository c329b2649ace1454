using System.CommandLine;
using System.Text.Json;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Operation;
using ControlNetSharp.Server.Safety;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet serve</c>: jobs, APIs, page and workers in one program.</summary>
internal static class ServeCommand
{
    private static readonly ServerOptions Options = new(SettingTable.All);
    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Says what would run and what is wrong, and ends.",
    };
    private static readonly Option<string?> NewKey = new("--new-key")
    {
        Description = "Makes an API key of this name, adds its hash to --api-key-file, writes the key, and ends.",
    };

    public static Command Create() =>
        Options.Command("serve", "Serves the studio page and the APIs, and works off their jobs.", Check, NewKey);

    public static async Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        if (arguments.GetValue(NewKey) is { } name)
        {
            AddKey(arguments, name, output, json);
        }
        else if (arguments.GetValue(Check))
        {
            var (settings, problems) = Options.Read(arguments, new ServerSettings());
            await ServerCheck.RunAsync(settings, problems, output, json, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var settings = Options.Require(arguments, new ServerSettings());
            await RunAsync(settings, output, json, _ => { }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Serves until it is told to end.</summary>
    /// <param name="settings">How it runs.</param>
    /// <param name="output">Gets the address as its first line.</param>
    /// <param name="json">Whether that line is a JSON object.</param>
    /// <param name="started">Gets the address once it answers.</param>
    /// <param name="cancellationToken">Ends it as a signal does.</param>
    public static async Task RunAsync(
        ServerSettings settings,
        CommandOutput output,
        bool json,
        Action<string> started,
        CancellationToken cancellationToken
    )
    {
        var app = await ControlNetServer.CreateAsync(settings, cancellationToken).ConfigureAwait(false);
        await using (app.ConfigureAwait(false))
        {
            try
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException e) when (e.InnerException is AddressInUseException)
            {
                throw UsageException.Of("--port", $"{settings.Port}", "another program listens at this port.", e);
            }

            var address = app.Urls.Single();
            // One line, so that a program that starts this one reads it without waiting for the end.
            await output
                .Result.WriteLineAsync(
                    json
                        ? JsonSerializer.Serialize(
                            new
                            {
                                address,
                                process = Environment.ProcessId,
                                devices = settings.Workers > 0 ? settings.Devices : [],
                                workers = settings.Workers * settings.Devices.Count,
                            },
                            JsonSerializerOptions.Web
                        )
                        : address
                )
                .ConfigureAwait(false);
            await output.Result.FlushAsync(cancellationToken).ConfigureAwait(false);
            started(address);
            await app.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static void AddKey(ParseResult arguments, string name, CommandOutput output, bool json)
    {
        // Problems of other settings do not matter here.
        var (settings, _) = Options.Read(arguments, new ServerSettings());
        var file =
            settings.ApiKeyFile
            ?? throw new UsageException("--new-key", "--new-key: --api-key-file says where the key's hash is kept.");
        if (name.Length == 0 || name.Any(char.IsControl))
        {
            throw UsageException.Of("--new-key", name, "must be a name, which is then the owner of the jobs.");
        }

        var key = ApiKeyFile.Add(file, name);
        output.Report(json, new { name, key, file }, key);
    }
}
