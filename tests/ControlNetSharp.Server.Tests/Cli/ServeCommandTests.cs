using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ControlNetSharp.Cli;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

public class ServeCommandTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_NamesEveryProblem_AndStartsNothing()
    {
        using var folder = new TemporaryFolder();

        var (code, result, message) = await RunAsync(
            "serve", "--check", "--port", "0", "--jobs", folder["jobs.db"], "--listen", "0.0.0.0", "--models", folder["no"], "--lease", "0", "--device", "cuda:99", "--json"
        );

        var problems = JsonNode.Parse(result)!["problems"]!.AsArray().Select(problem => problem!.GetValue<string>()).ToList();
        string[] flags = ["lease 0", "listen 0.0.0.0", "models", "device cuda:99"];
        Assert.All(flags, flag => Assert.Contains(problems, problem => problem.StartsWith(flag, StringComparison.Ordinal)));
        Assert.Equal((2, flags.Length), (code, problems.Count));
        Assert.StartsWith("controlnet: 4 problems", message, StringComparison.Ordinal);
        Assert.Empty(folder.Listing());
    }

    [Fact]
    public async Task Check_WithNothingWrong_SaysWhatWouldRun()
    {
        using var folder = new TemporaryFolder();

        var (code, result, _) = await RunAsync("serve", "--check", "--port", "0", "--jobs", folder["jobs.db"], "--auth", "anna:secret", "--workers", "0");

        Assert.Equal(0, code);
        Assert.Contains("Nothing is wrong.", result, StringComparison.Ordinal);
        Assert.Contains("anna", result, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result, StringComparison.Ordinal);
        Assert.Empty(folder.Listing());
    }

    [Theory]
    [InlineData("--port", "70000")]
    [InlineData("--workers", "-1")]
    [InlineData("--auth", "anna")]
    [InlineData("--allow-origin", "draw.example")]
    [InlineData("--allow-host", "draw.example:80")]
    [InlineData("--keep-bytes", "lots")]
    [InlineData("--log-format", "xml")]
    [InlineData("--dtype", "fp16")]
    public async Task WrongValue_IsExitCode2_WithItsName(string flag, string value)
    {
        var (code, result, message) = await RunAsync("serve", flag, value, "--json");

        Assert.Equal((2, "wrong_settings"), (code, JsonNode.Parse(result)!["error"]!["code"]!.GetValue<string>()));
        Assert.Contains(flag[2..], message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_ThatIsTaken_IsExitCode2()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = $"{((IPEndPoint)other.LocalEndpoint).Port}";

        var (code, _, message) = await RunAsync("serve", "--port", port, "--jobs", folder["jobs.db"], "--workers", "0");

        Assert.Equal(2, code);
        Assert.StartsWith($"controlnet: --port {port}:", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("work")]
    [InlineData("work", "--workers", "0", "--jobs", "x.db")]
    [InlineData("serve", "--new-key", "robot")]
    [InlineData("serve", "--nonsense")]
    public async Task WhatDoesNotGoTogether_IsExitCode2(params string[] arguments)
    {
        var (code, _, message) = await RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.Contains("--", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_ThatIsAway_IsExitCode3()
    {
        var (code, result, _) = await RunAsync("work", "--jobs", "Host=127.0.0.1;Port=1;Timeout=1", "--json");

        Assert.Equal((3, "jobs_unavailable"), (code, JsonNode.Parse(result)!["error"]!["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task NewKey_IsShownOnce_AndKeptAsAHash()
    {
        using var folder = new TemporaryFolder();

        var (code, result, _) = await RunAsync("serve", "--new-key", "robot", "--api-key-file", folder["keys"], "--json");

        var key = JsonNode.Parse(result)!["key"]!.GetValue<string>();
        var file = await File.ReadAllTextAsync(folder["keys"], Stop);
        Assert.Equal(0, code);
        Assert.StartsWith("robot:", file, StringComparison.Ordinal);
        Assert.DoesNotContain(key, file, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["keys"]));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Serve_WritesItsAddressFirst_AndAnswersThere(bool json)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["serve", "--port", "0", "--workers", "0", "--jobs", folder["jobs.db"]];
        await using var server = await ControlNetProcess.StartAsync(json ? [.. arguments, "--json"] : arguments);
        var address = json
            ? JsonNode.Parse(server.FirstLine)!["address"]!.GetValue<string>()
            : server.FirstLine;
        using var client = Patience.Client(new Uri(address));

        Assert.Equal("ready", await client.GetStringAsync("/readyz", Stop));
        Assert.Equal(0, await server.EndAsync());
    }

    private static async Task<(int Code, string Result, string Message)> RunAsync(params string[] arguments)
    {
        var (result, message) = (new StringWriter(), new StringWriter());
        var code = await ControlNetCli.RunAsync(arguments, new CommandOutput(result, message, false), Stop);
        return (code, result.ToString(), message.ToString());
    }
}
