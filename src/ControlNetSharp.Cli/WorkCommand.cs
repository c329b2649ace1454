using System.CommandLine;
using System.Text.Json;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Operation;
using Microsoft.Extensions.Hosting;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet work</c>: takes jobs of a store that front ends fill.</summary>
internal static class WorkCommand
{
    private static readonly ServerOptions Options = new(SettingTable.OfWorkers);

    public static Command Create() =>
        Options.Command("work", "Works off the jobs of a store: a machine beside those that serve.");

    public static async Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var settings = Options.Require(arguments, new ServerSettings());
        if (settings.Jobs is null)
        {
            throw new UsageException("--jobs", "--jobs: must say whose jobs these are, as it is said to serve.");
        }

        if (settings.Workers == 0)
        {
            throw UsageException.Of("--workers", "0", "work needs at least 1.");
        }

        using var host = await ControlNetServer
            .CreateWorkerAsync(settings, cancellationToken)
            .ConfigureAwait(false);
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        var devices = settings.Devices;
        await output
            .Result.WriteLineAsync(
                json
                    ? JsonSerializer.Serialize(
                        new { devices, process = Environment.ProcessId },
                        JsonSerializerOptions.Web
                    )
                    : $"Working on {string.Join(", ", devices)}"
            )
            .ConfigureAwait(false);
        await output.Result.FlushAsync(cancellationToken).ConfigureAwait(false);
        await host.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
    }
}
