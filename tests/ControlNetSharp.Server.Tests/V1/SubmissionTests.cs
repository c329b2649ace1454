using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class SubmissionTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Theory]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":{"data":""},"weight":9}]}""", "units[0].weight")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"/etc/passwd"}]}""", "units[0].picture")]
    [InlineData("""{"prompt":"x","colour":"red"}""", "colour")]
    [InlineData("""{"prompt":"x","size":{"width":64,"height":"tall"}}""", "size.height")]
    [InlineData("""{"prompt":"x","steps":0}""", "steps")]
    [InlineData("""{"prompt":"x","initial":{"picture":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}}""", "initial.picture")]
    [InlineData("""{"prompt":""", "")]
    [InlineData("null", "")]
    public async Task Request_ThatCannotBe_IsRefusedByItsMember(string json, string member)
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var problem = await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            V1Calls.Json(json)
        );

        Assert.Equal(member, (string?)problem["member"]);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Body_OfATypeThatAnyPageCanSend_IsRefused(string type)
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.UnsupportedMediaType,
            "unsupported_media_type",
            V1Calls.Bytes(Encoding.UTF8.GetBytes(V1Calls.Small), type)
        );
    }

    [Fact]
    public async Task Form_WithFilesByPartAndByFileName_FillsThePicturesThatNameThem()
    {
        await using var server = await RunningServer.StartAsync();
        const string json = """
            {"prompt":"x","steps":1,"size":{"width":64,"height":64},"initial":{"picture":"start"},
            "units":[{"kind":"canny","picture":"room.png"}]}
            """;
        using var form = new MultipartFormDataContent
        {
            { V1Calls.Json(json), "request" },
            { V1Calls.Bytes(V1Calls.Png()), "start", "a.png" },
            { V1Calls.Bytes(V1Calls.Png(128, 64)), "other", "room.png" },
        };

        var submitted = await server.CallAsync(HttpMethod.Post, "/v1/generations", HttpStatusCode.Accepted, form);
        var job = await server.OverAsync((string)submitted["id"]!);

        Assert.Equal("done", (string?)job["state"]);
        Assert.Equal(["picture", "hint"], job["files"]!.AsArray().Select(file => (string)file!["role"]!));
    }

    [Fact]
    public async Task Form_WithAFileThatNothingNames_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        using var form = new MultipartFormDataContent
        {
            { V1Calls.Json(V1Calls.Small), "request" },
            { V1Calls.Bytes(V1Calls.Png()), "pose", "pose.png" },
        };

        var problem = await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            form
        );

        Assert.Equal("pose", (string?)problem["member"]);
    }

    [Fact]
    public async Task Form_WithoutTheRequest_NamesThePart()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        using var form = new MultipartFormDataContent { { V1Calls.Bytes(V1Calls.Png()), "pose", "pose.png" } };

        var problem = await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            form
        );

        Assert.Equal("request", (string?)problem["member"]);
    }

    [Fact]
    public async Task Key_UsedAgain_IsTheFirstJobOrRefused()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var first = await SubmitAsync(V1Calls.Small);
        var again = await SubmitAsync(V1Calls.Small);

        Assert.Equal((string?)first["id"], (string?)again["id"]);
        await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.Conflict,
            "key_reused",
            V1Calls.Json(V1Calls.Long),
            WithKey
        );

        Task<JsonNode> SubmitAsync(string json) =>
            server.CallAsync(HttpMethod.Post, "/v1/generations", HttpStatusCode.Accepted, V1Calls.Json(json), WithKey);
        static void WithKey(HttpRequestMessage message) => message.Headers.Add("Idempotency-Key", "once");
    }

    [Fact]
    public async Task Group_OfALaterJob_EndsTheEarlierOnes()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var earlier = await server.SubmitAsync(V1Calls.Small, "?group=sketch");
        var other = await server.SubmitAsync(V1Calls.Small, "?group=another");
        var later = await server.SubmitAsync(V1Calls.Small, "?group=sketch&priority=3");

        Assert.Equal(["cancelled", "queued", "queued"], [await State(earlier), await State(other), await State(later)]);
        Assert.Equal(3, (int)(await server.GetAsync($"/v1/jobs/{later}"))["priority"]!);

        async Task<string> State(string id) => (string)(await server.GetAsync($"/v1/jobs/{id}"))["state"]!;
    }

    [Fact]
    public async Task Queue_Full_SaysWhenToComeBack()
    {
        await using var server = await RunningServer.StartAsync(
            FrontEnd with
            {
                Queue = new JobStoreOptions { QueueBound = 1 },
            }
        );
        await server.SubmitAsync(V1Calls.Small);

        using var response = await server.Client.PostAsync("/v1/generations", V1Calls.Json(V1Calls.Small), Stop);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
        Assert.Contains("queue_full", await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_ThatIsNotThere_IsSaidAtOnce()
    {
        await using var server = await RunningServer.StartAsync();
        // The worker must have told what it has.
        while ((await server.Store.Queue.WorkersAsync(Stop)).Count == 0)
        {
            await server.Store.NextChangeOfAnyAsync(Stop);
        }

        using var response = await server.Client.PostAsync(
            "/v1/generations",
            V1Calls.Json("""{"prompt":"x","model":"unheard-of"}"""),
            Stop
        );

        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!;
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "no_worker"),
            (response.StatusCode, (string?)problem["code"])
        );
    }

    [Fact]
    public async Task Annotation_OfAPicture_GivesItsHint()
    {
        await using var server = await RunningServer.StartAsync();
        using var form = new MultipartFormDataContent
        {
            { V1Calls.Json("""{"kind":"canny","picture":"p"}"""), "unit" },
            { V1Calls.Bytes(V1Calls.Png()), "p", "p.png" },
        };

        var submitted = await server.CallAsync(HttpMethod.Post, "/v1/annotations", HttpStatusCode.Accepted, form);
        var job = await server.OverAsync((string)submitted["id"]!);

        Assert.Equal(("done", "annotation"), ((string?)job["state"], (string?)job["kind"]));
        var file = Assert.Single(job["files"]!.AsArray())!;
        var hint = PictureReader.Read(await server.Client.GetByteArrayAsync((string?)file["url"], Stop));
        Assert.Equal(("hint", 64), ((string?)file["role"], hint.Width));
        var replay = await server.CallAsync(HttpMethod.Post, $"/v1/jobs/{job["id"]}/replay", HttpStatusCode.Accepted);
        Assert.Equal((string?)file["sha256"], (string?)(await server.OverAsync((string)replay["id"]!))["files"]![0]!["sha256"]);
    }
}
