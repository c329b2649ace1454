using System.Globalization;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

public class KilledTests
{
    // CONTROLNETSHARP_KILLS asks for more in a long run.
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("CONTROLNETSHARP_KILLS") ?? "2",
        CultureInfo.InvariantCulture
    );

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kills_OfWorkersAndTheServer_LoseNoJob_AndDoNoneTwice()
    {
        using var folder = new TemporaryFolder();
        string[] jobs = ["--jobs", folder["jobs.db"], "--lease", "4"];
        var count = 5 + 2 * Kills;
        string[] serve = ["serve", "--port", "0", "--workers", "0", .. jobs];
        string[] work = ["work", .. jobs];
        var ids = new List<string>();

        await using var first = await ControlNetProcess.StartAsync(serve);
        using (var client = first.Client())
        {
            for (var seed = 0; seed < count; seed++)
            {
                ids.Add(await client.SubmitAsync(seed, steps: 20));
            }

            for (var i = 0; i < Kills; i++)
            {
                await using var worker = await ControlNetProcess.StartAsync(work);
                // Each finishes one, and has begun another.
                await client.DoneAsync(ids, i + 1);
                await client.RunningAsync(ids, worker);
                await worker.KillAsync();
            }
        }

        await using var last = await ControlNetProcess.StartAsync(work);
        using (var client = first.Client())
        {
            await client.RunningAsync(ids, last);
        }

        await first.KillAsync();
        await using var second = await ControlNetProcess.StartAsync(serve);
        using var other = second.Client();
        var over = await other.OverAsync(ids);

        Assert.Equal(ids, over.Select(job => job["id"]!.GetValue<string>()));
        Assert.All(over, job => Assert.Equal("done", RemoteJobs.StateOf(job)));
        foreach (var (seed, job) in over.Index())
        {
            var picture = Assert.Single(job["files"]!.AsArray(), file => file!["role"]!.GetValue<string>() == "picture")!;
            Assert.Equal(seed, picture["seed"]!.GetValue<long>());
            Assert.NotEmpty(await other.GetByteArrayAsync(picture["url"]!.GetValue<string>(), Stop));
        }

        var list = JsonNode.Parse(await other.GetStringAsync("/v1/jobs", Stop))!["jobs"]!.AsArray();
        Assert.Equal(ids.Count, list.Count);
        Assert.Equal(0, await last.EndAsync());
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signal_DuringAJob_EndsInGoodOrder_AndTheJobWaitsAgain(string signal)
    {
        using var folder = new TemporaryFolder();
        await using var server = await ControlNetProcess.StartAsync("serve", "--port", "0", "--jobs", folder["jobs.db"]);
        using var client = server.Client();
        var id = await client.SubmitAsync(1, steps: 1000);
        await client.RunningAsync([id], server);

        var code = await server.EndAsync(signal);

        await using var store = await JobStore.OpenAsync(folder["jobs.db"], null, Stop);
        Assert.Equal((0, JobState.Queued), (code, (await store.FindAsync(id, null, Stop))!.State));
        Assert.DoesNotContain("a red house", server.Log, StringComparison.Ordinal);
    }
}
