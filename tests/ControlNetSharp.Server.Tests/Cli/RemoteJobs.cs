using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace ControlNetSharp.Server.Tests.Cli;

/// <summary>Jobs of a server in another process, by its API.</summary>
internal static class RemoteJobs
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>Hands in a picture; gives the job's identity.</summary>
    public static async Task<string> SubmitAsync(this HttpClient client, long seed, int steps)
    {
        using var answer = await client.PostAsJsonAsync(
            "/v1/generations",
            new
            {
                prompt = "a red house",
                seed,
                steps,
                size = new { width = 64, height = 64 },
            },
            Stop
        );
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, body);
        return JsonNode.Parse(body)!["id"]!.GetValue<string>();
    }

    public static async Task<JsonNode> JobAsync(this HttpClient client, string id) =>
        JsonNode.Parse(await client.GetStringAsync($"/v1/jobs/{id}", Stop))!;

    /// <summary>Waits until the server has its database.</summary>
    public static async Task ReadyAsync(this HttpClient client)
    {
        while (true)
        {
            using var answer = await client.GetAsync("/readyz", Stop);
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(100, Stop);
        }
    }

    /// <summary>Waits until so many of some jobs are done.</summary>
    public static async Task DoneAsync(this HttpClient client, IReadOnlyList<string> ids, int count)
    {
        for (var done = 0; done < count; await Task.Delay(20, Stop))
        {
            done = 0;
            foreach (var id in ids)
            {
                done += StateOf(await client.JobAsync(id)) == "done" ? 1 : 0;
            }
        }
    }

    /// <summary>
    /// Waits until one of some jobs has done a step in one of some processes: one whose process was killed looks as if it
    /// ran for a while. It is none that the end of its process would end as well: of three attempts, the last.
    /// </summary>
    public static async Task RunningAsync(
        this HttpClient client,
        IReadOnlyList<string> ids,
        params ControlNetProcess[] processes
    )
    {
        while (true)
        {
            foreach (var id in ids)
            {
                var job = await client.JobAsync(id);
                if (
                    StateOf(job) == "running"
                    && job["attempt"]!.GetValue<int>() < 3
                    && job["progress"]?["step"]?.GetValue<int>() > 0
                    && processes.Any(process => IsBy(job, process))
                )
                {
                    return;
                }
            }

            await Task.Delay(20, Stop);
        }
    }

    /// <summary>Waits until all jobs are over.</summary>
    public static async Task<IReadOnlyList<JsonNode>> OverAsync(this HttpClient client, IEnumerable<string> ids)
    {
        var jobs = new List<JsonNode>();
        foreach (var id in ids)
        {
            var job = await client.JobAsync(id);
            while (StateOf(job) is "queued" or "running")
            {
                await Task.Delay(100, Stop);
                job = await client.JobAsync(id);
            }

            jobs.Add(job);
        }

        return jobs;
    }

    /// <summary>Whether a job runs in a process, or ran there last.</summary>
    public static bool IsBy(JsonNode job, ControlNetProcess process) =>
        job["worker"]?.GetValue<string>().Contains($"/{process.Id}/", StringComparison.Ordinal) == true;

    public static string StateOf(JsonNode job) => job["state"]!.GetValue<string>();
}
