using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class JobEventTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfAJob_GoFromWaitingOverStepsToDoneAndEnd()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.SubmitAsync(V1Calls.Small.Replace("\"steps\":2", "\"steps\":12", StringComparison.Ordinal));

        var events = await ReadAsync(server, $"/v1/jobs/{id}/events").ToListAsync(Stop);

        string[] order = ["queued", "running", "done"];
        var states = events.Select(job => Array.IndexOf(order, (string?)job["state"])).ToList();
        Assert.Equal(states.Order(), states);
        Assert.Equal(2, states[^1]);
        var steps = events.Select(job => (int?)job["progress"]?["step"] ?? 0).ToList();
        Assert.Equal(steps.Order(), steps);
        Assert.Single(events[^1]["files"]!.AsArray());
        Assert.Equal(events.Count, events.Select(job => job.ToJsonString()).Distinct().Count());
    }

    [Fact]
    public async Task Events_OfAJobThatIsOver_AreOne()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var id = await server.SubmitAsync(V1Calls.Small);
        await server.CallAsync(HttpMethod.Post, $"/v1/jobs/{id}/cancel", HttpStatusCode.Accepted);

        var job = Assert.Single(await ReadAsync(server, $"/v1/jobs/{id}/events").ToListAsync(Stop));

        Assert.Equal("cancelled", (string?)job["state"]);
    }

    [Fact]
    public async Task Events_OfAll_TellWhatIsOpenThenEachChangeOfWhatComesLater()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var over = await server.SubmitAsync(V1Calls.Small);
        await server.CallAsync(HttpMethod.Post, $"/v1/jobs/{over}/cancel", HttpStatusCode.Accepted);
        var open = await server.SubmitAsync(V1Calls.Small);

        await using var events = ReadAsync(server, "/v1/events").GetAsyncEnumerator(Stop);
        Assert.Equal((open, "queued"), await NextAsync());
        var later = await server.SubmitAsync(V1Calls.Small);
        Assert.Equal((later, "queued"), await NextAsync());
        await server.CallAsync(HttpMethod.Post, $"/v1/jobs/{later}/cancel", HttpStatusCode.Accepted);
        Assert.Equal((later, "cancelled"), await NextAsync());

        async Task<(string?, string?)> NextAsync()
        {
            Assert.True(await events.MoveNextAsync());
            return ((string?)events.Current["id"], (string?)events.Current["state"]);
        }
    }

    [Fact]
    public async Task Server_ThatStops_DoesNotWaitForWhoListens()
    {
        var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        await server.SubmitAsync(V1Calls.Small);
        await using var events = ReadAsync(server, "/v1/events").GetAsyncEnumerator(Stop);
        Assert.True(await events.MoveNextAsync());

        var stopping = server.App.StopAsync(Stop);

        Assert.False(await events.MoveNextAsync());
        await stopping;
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Preview_OfARunningJob_IsAPicture()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.SubmitAsync(V1Calls.Long);

        string? url = null;
        await foreach (var job in ReadAsync(server, $"/v1/jobs/{id}/events"))
        {
            if ((url = (string?)job["previewUrl"]) is not null)
            {
                break;
            }
        }

        using var response = await server.Client.GetAsync(url, Stop);
        Assert.Equal("image/jpeg", response.Content.Headers.ContentType?.MediaType);
        await server.CallAsync(HttpMethod.Post, $"/v1/jobs/{id}/cancel", HttpStatusCode.Accepted);
        Assert.Equal("cancelled", (string?)(await server.OverAsync(id))["state"]);
        await server.RefusedAsync(HttpMethod.Get, $"/v1/jobs/{id}/preview", HttpStatusCode.NotFound, "not_found");
    }

    private static async IAsyncEnumerable<JsonNode> ReadAsync(RunningServer server, string url)
    {
        using var response = await server.Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(Stop));
        await foreach (var item in parser.EnumerateAsync(Stop))
        {
            Assert.Equal("job", item.EventType);
            yield return JsonNode.Parse(item.Data)!;
        }
    }
}
