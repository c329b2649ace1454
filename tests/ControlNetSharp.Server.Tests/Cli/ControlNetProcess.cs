using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

/// <summary>The built program in a process of its own, which can be killed.</summary>
internal sealed class ControlNetProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private ControlNetProcess(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "controlnet.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As it is in use, not with what the machine of the test has set.
        foreach (var name in start.Environment.Keys.Where(IsSetting).ToList())
        {
            start.Environment.Remove(name);
        }

        // Several programs at once: each waits less for the others so.
        start.Environment["OMP_NUM_THREADS"] = "1";
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>The number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>The first line of standard output: of a server, its address.</summary>
    public string FirstLine { get; private set; } = "";

    /// <summary>What it wrote to standard error so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts it and waits for its first line.</summary>
    public static async Task<ControlNetProcess> StartAsync(params string[] arguments)
    {
        var process = new ControlNetProcess(arguments);
        process.FirstLine =
            await process._process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"controlnet {string.Join(' ', arguments)}: {process.Log}");
        return process;
    }

    /// <summary>A client of the server.</summary>
    public HttpClient Client(string? login = null)
    {
        var client = Patience.Client(new Uri(FirstLine));
        if (login is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes(login))
            );
        }

        return client;
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>
    /// As <c>kill</c>, or Ctrl-C with another signal; gives the exit code. Skips the test where whoever started the tests
    /// has all programs ignore Ctrl-C, as a shell does with what it runs in the background.
    /// </summary>
    public async Task<int> EndAsync(string signal = "TERM")
    {
        Assert.SkipWhen(signal == "INT" && IgnoresInterrupt(), "The tests run in the background of a script, where Ctrl-C is ignored.");
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static bool IgnoresInterrupt()
    {
        const string ignored = "SigIgn:";
        const ulong interrupt = 1ul << 1;
        return OperatingSystem.IsLinux()
            && File.ReadLines("/proc/self/status").First(line => line.StartsWith(ignored, StringComparison.Ordinal)) is var mask
            && (ulong.Parse(mask[ignored.Length..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & interrupt) != 0;
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("CONTROLNETSHARP_", StringComparison.Ordinal)
        && name is not ("CONTROLNETSHARP_LIBTORCH" or "CONTROLNETSHARP_PAD_CONVOLUTIONS");
}
