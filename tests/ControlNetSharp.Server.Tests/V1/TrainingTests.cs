using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class TrainingTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Fact]
    public async Task Training_OnScenes_GivesAControlThatAUnitCanName()
    {
        await using var server = await RunningServer.StartAsync();
        const string asked = """
            {"data":"scenes:4","conditions":["canny"],"out":"mine","steps":2,"resolution":64,"batchSize":2,
            "samples":1,"validateEvery":2,"saveEvery":2}
            """;

        var submitted = await server.CallAsync(HttpMethod.Post, "/v1/trainings", HttpStatusCode.Accepted, V1Calls.Json(asked));
        var job = await server.Store.WaitAsync((string)submitted!["id"]!, Stop);

        Assert.Equal((JobState.Done, null), (job!.State, job.Error?.Message));
        Assert.Equal(2, (int)job.Facts!["step"]!);
        Assert.NotEmpty(job.Facts["curve"]!.AsArray());
        var unit = new JsonObject
        {
            ["kind"] = "canny",
            ["picture"] = new JsonObject { ["data"] = Convert.ToBase64String(V1Calls.Png()) },
            ["model"] = (string)job.Facts["model"]!,
        };
        var request = new JsonObject
        {
            ["prompt"] = "x",
            ["steps"] = 1,
            ["size"] = new JsonObject { ["width"] = 64, ["height"] = 64 },
            ["units"] = new JsonArray(unit),
        };
        var made = await server.CallAsync(HttpMethod.Post, "/v1/generations", HttpStatusCode.Accepted, V1Calls.Json(request.ToJsonString()));
        Assert.Equal(JobState.Done, (await server.Store.WaitAsync((string)made!["id"]!, Stop))!.State);
    }

    [Fact]
    public async Task Evaluation_OfTwoScenes_GivesTheTableAndItsPictures()
    {
        await using var server = await RunningServer.StartAsync();
        const string asked = """{"controls":[{"kind":"canny"}],"pictures":2,"steps":1,"realScenes":2}""";

        var submitted = await server.CallAsync(HttpMethod.Post, "/v1/evaluations", HttpStatusCode.Accepted, V1Calls.Json(asked));
        var job = await server.Store.WaitAsync((string)submitted!["id"]!, Stop);

        Assert.Equal((JobState.Done, null), (job!.State, job.Error?.Message));
        Assert.Equal("canny", (string)job.Facts!["kinds"]![0]!["kind"]!);
        Assert.Contains(await server.Store.FilesAsync(job.Id, Stop), file => file.Name == "0000-canny.png");
    }

    [Theory]
    [InlineData("""{"data":"../../etc","conditions":["canny"],"out":"mine"}""", "data")]
    [InlineData("""{"data":"scenes:1","conditions":["canny"],"out":"mine"}""", "data")]
    [InlineData("""{"data":"none-such","conditions":["canny"],"out":"mine"}""", "data")]
    [InlineData("""{"data":"scenes:4","conditions":["canny"],"out":"/tmp/mine"}""", "out")]
    [InlineData("""{"data":"scenes:4","conditions":["canny"],"out":".."}""", "out")]
    [InlineData("""{"data":"scenes:4","conditions":["canny"],"out":"mine","cache":"/tmp"}""", "cache")]
    [InlineData("""{"data":"scenes:4","conditions":[],"out":"mine"}""", "conditions")]
    public async Task Training_ThatLeavesTheServersFolder_IsRefusedByItsMember(string json, string member)
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var problem = await server.RefusedAsync(HttpMethod.Post, "/v1/trainings", HttpStatusCode.UnprocessableEntity, "wrong_input", V1Calls.Json(json));

        Assert.Equal(member, (string?)problem["member"]);
    }

    [Fact]
    public async Task Training_InALinkedFolder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["elsewhere"]);
        await using var server = await RunningServer.StartAsync(FrontEnd, folder);
        Directory.CreateSymbolicLink(Path.Combine(folder["training"], "trainings", "mine"), folder["elsewhere"]);

        var problem = await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/trainings",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            V1Calls.Json("""{"data":"scenes:4","conditions":["canny"],"out":"mine"}""")
        );

        Assert.Equal("out", (string?)problem["member"]);
    }
}
