using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class JobRoutesTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly HttpMethod Post = HttpMethod.Post;

    [Fact]
    public async Task Generation_Done_HasThePictureOfTheEngineWithItsManifest()
    {
        await using var server = await RunningServer.StartAsync();

        var id = await server.SubmitAsync(V1Calls.Small);
        var job = await server.OverAsync(id);

        Assert.Equal("done", (string?)job["state"]);
        var file = Assert.Single(job["files"]!.AsArray())!;
        Assert.Equal(("picture-0.png", "picture", 7), ((string?)file["name"], (string?)file["role"], (int)file["seed"]!));
        var bytes = await server.Client.GetByteArrayAsync((string?)file["url"], Stop);
        var engine = server.App.Services.GetRequiredService<ControlNetEngine>();
        var expected = await engine.GenerateAsync(RequestJson.Read(System.Text.Encoding.UTF8.GetBytes(V1Calls.Small)), cancellationToken: Stop);
        Assert.Equal(expected.Pictures[0].Picture.Rgb, PictureReader.Read(bytes).Rgb);
        var manifest = await server.GetAsync($"/v1/jobs/{id}/manifest?picture=0");
        Assert.Equal((7, "a red house"), ((int)manifest["seed"]!, (string?)manifest["prompt"]));
    }

    [Fact]
    public async Task File_OfAJob_MayBeKeptForEverAndIsNotSentTwice()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.SubmitAsync(V1Calls.Small);
        await server.OverAsync(id);
        var url = $"/v1/jobs/{id}/files/picture-0.png";

        using var first = await server.Client.GetAsync(url, Stop);
        Assert.Contains("immutable", first.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Null(first.Content.Headers.ContentDisposition);
        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await server.Client.SendAsync(again, Stop);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        using var download = await server.Client.GetAsync(url + "?download=1", Stop);
        Assert.Equal("attachment", download.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Fact]
    public async Task Request_WithoutSeed_HasItOnceTheJobIsDoneAndIsReplayedWithIt()
    {
        await using var server = await RunningServer.StartAsync();
        var id = await server.SubmitAsync("""{"prompt":"x","steps":1,"size":{"width":64,"height":64}}""");
        var job = await server.OverAsync(id);
        var seed = (long)job["facts"]!["seed"]!;

        Assert.Equal(seed, (long)(await server.GetAsync($"/v1/jobs/{id}/request"))["seed"]!);
        var replay = await server.CallAsync(Post, $"/v1/jobs/{id}/replay", HttpStatusCode.Accepted);
        var again = await server.OverAsync((string)replay["id"]!);

        Assert.NotEqual(id, (string?)again["id"]);
        Assert.Equal(Pixels(job), Pixels(again));

        byte[] Pixels(JsonNode done) =>
            PictureReader
                .Read(server.Client.GetByteArrayAsync((string?)done["files"]![0]!["url"], Stop).Result)
                .Rgb.ToArray();
    }

    [Fact]
    public async Task List_HasTheNewestFirst_PageByPage()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var ids = new List<string>();
        foreach (var word in (string[])["red", "green", "blue"])
        {
            ids.Insert(0, await server.SubmitAsync($$"""{"prompt":"{{word}} house"}"""));
        }

        var first = await server.GetAsync("/v1/jobs?limit=2");
        var second = await server.GetAsync($"/v1/jobs?limit=2&before={(string?)first["next"]}");

        Assert.Equal(ids[..2], Ids(first));
        Assert.Equal(ids[2..], Ids(second));
        Assert.Null(second["next"]);
        Assert.Equal([ids[1]], Ids(await server.GetAsync("/v1/jobs?search=GREEN&state=queued,running&kind=generation")));
        Assert.Empty(Ids(await server.GetAsync("/v1/jobs?state=done")));
        Assert.Equal([2, 1, 0], (await server.GetAsync("/v1/jobs"))["jobs"]!.AsArray().Select(job => (int)job!["ahead"]!));

        static string[] Ids(JsonNode page) => [.. page["jobs"]!.AsArray().Select(job => (string)job!["id"]!)];
    }

    [Theory]
    [InlineData("state=gone", "state")]
    [InlineData("kind=magic", "kind")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("search=", "search")]
    [InlineData("search=a%00b", "search")]
    [InlineData("before=a&before=b", "before")]
    public async Task List_AskedForWhatCannotBe_NamesTheParameter(string query, string member)
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });

        var problem = await server.RefusedAsync(
            HttpMethod.Get,
            "/v1/jobs?" + query,
            HttpStatusCode.UnprocessableEntity,
            "wrong_input"
        );

        Assert.Equal(member, (string?)problem["member"]);
    }

    [Fact]
    public async Task Job_OfAnotherOwner_IsAsIfThereWereNone()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var stranger = await server.Store.SubmitAsync(
            new NewJob
            {
                Kind = JobKind.Generation,
                Owner = "stranger",
                Payload = "{}"u8.ToArray(),
            },
            Stop
        );
        var url = $"/v1/jobs/{stranger.Job.Id}";

        foreach (
            var (method, path) in (
                (HttpMethod, string)[])
                [
                    (HttpMethod.Get, ""),
                    (HttpMethod.Get, "/events"),
                    (HttpMethod.Get, "/request"),
                    (HttpMethod.Get, "/manifest"),
                    (HttpMethod.Get, "/preview"),
                    (HttpMethod.Get, "/files/picture-0.png"),
                    (Post, "/cancel"),
                    (Post, "/replay"),
                    (HttpMethod.Delete, ""),
                ]
        )
        {
            await server.RefusedAsync(method, url + path, HttpStatusCode.NotFound, "not_found");
        }

        Assert.Empty((await server.GetAsync("/v1/jobs"))["jobs"]!.AsArray());
        Assert.Equal(JobState.Queued, (await server.Store.FindAsync(stranger.Job.Id, null, Stop))!.State);
    }

    [Fact]
    public async Task Cancelled_WhileItWaits_IsOverAtOnceAndCanThenBeDeleted()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var id = await server.SubmitAsync(V1Calls.Small);
        var url = $"/v1/jobs/{id}";

        await server.RefusedAsync(HttpMethod.Delete, url, HttpStatusCode.Conflict, "not_over");
        var job = await server.CallAsync(Post, url + "/cancel", HttpStatusCode.Accepted);
        Assert.Equal("cancelled", (string?)job["state"]);
        await server.CallAsync(HttpMethod.Delete, url, HttpStatusCode.NoContent);
        await server.RefusedAsync(HttpMethod.Get, url, HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task UnknownPathAndMethod_AreToldAsEverythingElse()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });

        await server.RefusedAsync(HttpMethod.Get, "/v1/nothing", HttpStatusCode.NotFound, "not_found");
        await server.RefusedAsync(HttpMethod.Put, "/v1/jobs", HttpStatusCode.MethodNotAllowed, "method_not_allowed");
    }
}
