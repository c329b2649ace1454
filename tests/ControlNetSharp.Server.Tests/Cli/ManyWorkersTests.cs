using System.Text.Json.Nodes;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

public class ManyWorkersTests(PostgresServer postgres)
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task FortyJobs_OfThreeOwners_AreDoneOnceAndInTurn_ThoughAWorkerIsKilled()
    {
        string[] jobs = ["--jobs", await postgres.NewDatabaseAsync(), "--lease", "4"];
        (string Login, int Jobs)[] owners = [("anna:1", 20), ("ben:2", 12), ("cleo:3", 8)];
        await using var server = await ControlNetProcess.StartAsync(
            ["serve", "--port", "0", "--workers", "0", .. jobs, .. owners.SelectMany(owner => (string[])["--auth", owner.Login])]
        );
        var clients = owners.Select(owner => server.Client(owner.Login)).ToList();
        var ids = new List<List<string>>();
        foreach (var (owner, client) in owners.Zip(clients))
        {
            var own = new List<string>();
            for (var seed = 0; seed < owner.Jobs; seed++)
            {
                // The first one takes so long that its worker is killed before the end on any machine.
                own.Add(await client.SubmitAsync(seed, steps: ids.Count == 0 && seed == 0 ? 400 : 1));
            }

            ids.Add(own);
        }

        await using var first = await ControlNetProcess.StartAsync(["work", .. jobs]);
        await using var second = await ControlNetProcess.StartAsync(["work", .. jobs]);
        await clients[0].RunningAsync([ids[0][0]], first, second);
        var begun = await clients[0].JobAsync(ids[0][0]);
        var (killed, left) = RemoteJobs.IsBy(begun, first) ? (first, second) : (second, first);
        await killed.KillAsync();

        var over = new List<(int Owner, JsonNode Job)>();
        foreach (var (owner, client) in clients.Index())
        {
            foreach (var job in await client.OverAsync(ids[owner]))
            {
                Assert.Equal("done", RemoteJobs.StateOf(job));
                Assert.Single(job["files"]!.AsArray(), file => file!["role"]!.GetValue<string>() == "picture");
                over.Add((owner, job));
            }

            var list = JsonNode.Parse(await client.GetStringAsync("/v1/jobs?limit=100", Stop))!;
            Assert.Equal(owners[owner].Jobs, list["jobs"]!.AsArray().Count);
        }

        Assert.Equal(40, over.Count);
        Assert.InRange(over[0].Job["attempt"]!.GetValue<int>(), 2, 3);
        AssertInTurn(owners.Select(owner => owner.Jobs).ToList(), over);
        clients.ForEach(client => client.Dispose());
        Assert.Equal(0, await left.EndAsync());
    }

    [Fact]
    public async Task Database_StoppedInTheMiddle_LosesNoJob()
    {
        string[] jobs = ["--jobs", await postgres.NewDatabaseAsync(), "--lease", "4"];
        await using var server = await ControlNetProcess.StartAsync(["serve", "--port", "0", "--workers", "0", .. jobs]);
        using var client = server.Client();
        var ids = new List<string>();
        for (var seed = 0; seed < 6; seed++)
        {
            ids.Add(await client.SubmitAsync(seed, steps: 20));
        }

        await using var worker = await ControlNetProcess.StartAsync(["work", .. jobs]);
        await client.RunningAsync(ids, worker);

        await postgres.RestartAsync(TimeSpan.FromSeconds(3));
        await client.ReadyAsync();

        foreach (var (seed, job) in (await client.OverAsync(ids)).Index())
        {
            Assert.Equal("done", RemoteJobs.StateOf(job));
            var picture = Assert.Single(job["files"]!.AsArray(), file => file!["role"]!.GetValue<string>() == "picture")!;
            Assert.Equal(seed, picture["seed"]!.GetValue<long>());
        }

        Assert.Equal(0, await worker.EndAsync());
    }

    /// <summary>
    /// As long as all owners have jobs that wait, none has begun more than one more than another; a job that was begun
    /// twice counts as a turn more.
    /// </summary>
    private static void AssertInTurn(List<int> counts, List<(int Owner, JsonNode Job)> jobs)
    {
        var turns = new int[counts.Count];
        var again = jobs.Sum(job => job.Job["attempt"]!.GetValue<int>() - 1);
        foreach (
            var moment in jobs.GroupBy(job => job.Job["started"]!.GetValue<DateTimeOffset>()).OrderBy(group => group.Key)
        )
        {
            foreach (var (owner, _) in moment)
            {
                turns[owner]++;
            }

            if (turns.Zip(counts).Any(owner => owner.First == owner.Second))
            {
                return;
            }

            Assert.InRange(turns.Max() - turns.Min(), 0, 1 + again);
        }
    }
}
