using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet serve --check</c>: what would run, and what is wrong. Nothing is started or written.
/// </summary>
internal static class ServerCheck
{
    public static async Task RunAsync(
        ServerSettings settings,
        IReadOnlyList<string> problems,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        List<string> all =
        [
            .. problems,
            .. PortProblems(settings),
            .. await StoreProblemsAsync(settings, cancellationToken).ConfigureAwait(false),
            .. DeviceProblems(settings),
        ];
        var jobs = settings.Jobs ?? ServerSettings.DefaultJobs;
        var logins = settings.Users.Select(user => user.Name).ToList();
        var report = new
        {
            address = $"{settings.Listen}:{settings.Port}",
            // Connection text has a password.
            jobs = PlaceOf(jobs),
            results = settings.Results,
            workers = settings.Workers,
            devices = settings.Workers > 0 ? settings.Devices : [],
            models = Folders(settings),
            users = logins,
            apiKeys = settings.ApiKeyFile,
            limits = settings.Limits,
            problems = all,
        };
        string[] callers =
        [
            .. logins,
            .. settings.ApiKeyFile is { } file ? [$"the API keys of {file}"] : Array.Empty<string>(),
        ];
        output.Report(
            json,
            report,
            $"""
            Address  {report.address}
            Callers  {string.Join(", ", callers.DefaultIfEmpty("anybody"))}
            Jobs     {report.jobs}
            Results  {settings.Results ?? "in the database"}
            Devices  {(settings.Workers > 0 ? string.Join(", ", settings.Devices) : "none: a front end")}
            Models   {string.Join(", ", report.models.Prepend(ModelFinder.Embedded))}
            {(
                all.Count == 0
                    ? "Nothing is wrong."
                    : $"{Counts.Of(all.Count, "problem")}:\n  {string.Join("\n  ", all)}"
            )}
            """
        );
        if (all.Count > 0)
        {
            throw new ReportedException($"{Counts.Of(all.Count, "problem")}; it would not start.");
        }
    }

    private static IEnumerable<string> PortProblems(ServerSettings settings)
    {
        if (!IPAddress.TryParse(settings.Listen == "localhost" ? "127.0.0.1" : settings.Listen, out var address))
        {
            yield break;
        }

        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        string? problem = null;
        try
        {
            socket.Bind(new IPEndPoint(address, settings.Port));
        }
        catch (SocketException e)
        {
            problem = $"--port {settings.Port}: {e.Message}.";
        }

        if (problem is not null)
        {
            yield return problem;
        }
    }

    private static async Task<IEnumerable<string>> StoreProblemsAsync(
        ServerSettings settings,
        CancellationToken cancellationToken
    )
    {
        var jobs = settings.Jobs ?? ServerSettings.DefaultJobs;
        try
        {
            await JobStore.ProbeAsync(jobs, cancellationToken).ConfigureAwait(false);
            return [];
        }
        catch (Exception e) when (e is DbException or IOException)
        {
            return [$"--jobs {PlaceOf(jobs)}: {e.Message.Split('\n')[0]}"];
        }
        catch (ArgumentException)
        {
            // Is among the problems already.
            return [];
        }
    }

    private static IEnumerable<string> DeviceProblems(ServerSettings settings)
    {
        foreach (var device in settings.Workers > 0 ? settings.Devices : [])
        {
            string? problem = null;
            try
            {
                _ = new ComputeSettings(device, settings.Dtype).Place();
            }
            catch (RuntimeUnavailableException e)
            {
                problem = $"device {device}: {e.Message}";
            }
            catch (UnknownNameException)
            {
                // Is among the problems already.
            }

            if (problem is not null)
            {
                yield return problem;
            }
        }
    }

    private static string PlaceOf(string jobs)
    {
        try
        {
            return JobStore.PlaceOf(jobs);
        }
        catch (ArgumentException)
        {
            // Is among the problems already.
            return "(unreadable)";
        }
    }

    private static List<string> Folders(ServerSettings settings) =>
        [
            .. settings
                .Models.Where(Directory.Exists)
                .Select(folder =>
                    $"{folder} ({Counts.Of(ModelFolder(folder).List(ModelRole.Model).Count, "file")} of weights)"
                ),
        ];

    private static ModelFinder ModelFolder(string folder) =>
        new(
            new ModelFinderOptions
            {
                Folders = [folder],
                EmbeddedFolder = folder,
                HubCache = null,
            }
        );
}
