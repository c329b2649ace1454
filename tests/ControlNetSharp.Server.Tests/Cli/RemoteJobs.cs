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
                size = "64x64",
            },
            Stop
        );
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, body);
        return JsonNode.Parse(body)!["id"]!.GetValue<string>();
    }

    public static async Task<JsonNode> JobAsync(this HttpClient client, string id) =>
        JsonNode.Parse(await client.GetStringAsync($"/v1/jobs/{id}", Stop))!;

    /// <summary>Waits until one of some jobs has done a step.</summary>
    public static async Task RunningAsync(this HttpClient client, IEnumerable<string> ids)
    {
        while (true)
        {
            foreach (var id in ids)
            {
                var job = await client.JobAsync(id);
                if (StateOf(job) == "running" && job["progress"]?["step"]?.GetValue<int>() > 0)
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

    public static string StateOf(JsonNode job) => job["state"]!.GetValue<string>();
}
