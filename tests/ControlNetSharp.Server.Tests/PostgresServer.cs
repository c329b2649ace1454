using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ControlNetSharp.Server.Tests;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace ControlNetSharp.Server.Tests;

/// <summary>PostgreSQL as Debian and others install it, on a free port with data of its own; started when it is first asked for.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private readonly string _data = Directory.CreateTempSubdirectory("controlnetsharp-postgres").FullName;
    private readonly int _port = FreePort();
    private Process? _server;
    private int _databases;

    private static string? Programs =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Select(version => Path.Combine(version, "bin"))
                .Where(bin => File.Exists(Path.Combine(bin, "initdb")))
                .Max(StringComparer.Ordinal)
            : null;

    /// <summary>Connection text of a new, empty database. Skips the test where there is no PostgreSQL.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        Assert.SkipWhen(Programs is null, "PostgreSQL is not installed in /usr/lib/postgresql (apt-get install postgresql).");
        await _starting.WaitAsync();
        try
        {
            _server ??= await StartAsync(Programs);
            var name = $"test{++_databases}";
            await using var connection = new NpgsqlConnection(TextOf("postgres"));
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand($"create database {name}", connection);
            await command.ExecuteNonQueryAsync();
            return TextOf(name);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Stops it at once, as a crash does, and starts it again after a while.</summary>
    public async Task RestartAsync(TimeSpan away)
    {
        await RunAsync("kill", "-QUIT", $"{_server!.Id}");
        await _server.WaitForExitAsync();
        _server.Dispose();
        NpgsqlConnection.ClearAllPools();
        await Task.Delay(away);
        _server = await StartAsync(Programs!);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // At once: nobody needs the data any more.
            await RunAsync("kill", "-QUIT", $"{_server.Id}");
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        _starting.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string TextOf(string database) =>
        $"Host=127.0.0.1;Port={_port};Username=test;Database={database};Maximum Pool Size=10";

    private async Task<Process> StartAsync(string programs)
    {
        // It refuses to be root.
        string[] user = [];
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "nobody", _data);
            user = ["setpriv", "--reuid=nobody", "--clear-groups"];
        }

        if (!File.Exists(Path.Combine(_data, "PG_VERSION")))
        {
            await RunAsync(
                [.. user, Path.Combine(programs, "initdb"), "-D", _data, "-A", "trust", "-U", "test", "-E", "UTF8", "--locale=C", "--no-sync"]
            );
        }

        string[] start =
        [
            .. user,
            Path.Combine(programs, "postgres"),
            "-D",
            _data,
            "-p",
            $"{_port}",
            "-k",
            _data,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ];
        var server = Process.Start(Quiet(start))!;
        server.ErrorDataReceived += (_, _) => { };
        server.BeginErrorReadLine();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(TextOf("postgres"));
                await connection.OpenAsync();
                return server;
            }
            catch (NpgsqlException) when (!server.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    private static ProcessStartInfo Quiet(string[] command) =>
        new(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(Quiet(command))!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {await output}{await error}");
    }
}
