using System.Text.Json;
using ControlNetSharp.Cli;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>One run of the real command line, in this process: its exit code and what it wrote.</summary>
internal sealed record CommandRun(int ExitCode, string Result, string Message)
{
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Result);
            return document.RootElement.Clone();
        }
    }

    public static async Task<CommandRun> Of(IEnumerable<string> arguments, CancellationToken? cancellationToken = null)
    {
        using var result = new StringWriter();
        using var message = new StringWriter();
        var exitCode = await ControlNetCli.RunAsync([.. arguments], new CommandOutput(result, message, IsTerminal: false), cancellationToken ?? TestContext.Current.CancellationToken);
        return new CommandRun(exitCode, result.ToString(), message.ToString());
    }

    /// <summary>A run that must succeed; its standard output as JSON.</summary>
    public static async Task<JsonElement> JsonOf(params string[] arguments)
    {
        var run = await Of([.. arguments, "--json"]);
        Assert.True(run.ExitCode == 0, $"exit code {run.ExitCode}: {run.Message}");
        return run.Json;
    }
}
