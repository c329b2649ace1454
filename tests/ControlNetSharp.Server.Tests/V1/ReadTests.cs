using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class ReadTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Picture_OfThisServer_IsReadAsTheRequestThatMakesItAgain()
    {
        await using var server = await RunningServer.StartAsync();
        var png = await MakeAsync(server);

        var read = await ReadAsync(server, png);

        Assert.Empty(read["losses"]!.AsArray());
        Assert.StartsWith("ControlNetSharp ", (string)read["program"]!, StringComparison.Ordinal);
        var again = await server.OverAsync(await server.SubmitAsync(read["request"]!.ToJsonString()));
        var bytes = await server.Client.GetByteArrayAsync((string?)again["files"]![0]!["url"], Stop);
        Assert.Equal(PictureReader.Read(png).Rgb, PictureReader.Read(bytes).Rgb);
    }

    [Fact]
    public async Task Picture_OfAnotherServer_BringsItsHintInThePlaceOfThePicture()
    {
        byte[] png;
        await using (var other = await RunningServer.StartAsync())
        {
            png = await MakeAsync(other);
        }

        await using var server = await RunningServer.StartAsync();
        var read = await ReadAsync(server, png);

        var loss = Assert.Single(read["losses"]!.AsArray())!;
        Assert.Equal("units[0].picture", (string?)loss["key"]);
        Assert.Equal("none", (string?)read["request"]!["units"]![0]!["annotator"]);
        var again = await server.OverAsync(await server.SubmitAsync(read["request"]!.ToJsonString()));
        var bytes = await server.Client.GetByteArrayAsync((string?)again["files"]![0]!["url"], Stop);
        Assert.Equal(PictureReader.Read(png).Rgb, PictureReader.Read(bytes).Rgb);
    }

    [Fact]
    public async Task Picture_OfWebUi_IsReadWithWhatIsLost()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var png = PictureWriter.EncodePng(
            PictureReader.Read(V1Calls.Png()),
            new Dictionary<string, string>
            {
                ["parameters"] =
                    "a cat\nNegative prompt: dog\nSteps: 12, Sampler: Euler a, CFG scale: 5, Seed: 42, Size: 64x64, Model: dreams",
            }
        );

        var read = await ReadAsync(server, png);

        var request = read["request"]!;
        Assert.Equal(
            ("a cat", "dog", 12, "Euler a", 42),
            ((string?)request["prompt"], (string?)request["negativePrompt"], (int)request["steps"]!, (string?)request["sampler"], (int)request["seed"]!)
        );
        Assert.Contains(read["losses"]!.AsArray(), loss => (string?)loss!["key"] == "Model");
    }

    [Fact]
    public async Task Picture_WithoutSettings_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });

        await server.RefusedAsync(HttpMethod.Post, "/v1/read", HttpStatusCode.UnprocessableEntity, "no_settings", V1Calls.Bytes(V1Calls.Png()));
        await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/read",
            HttpStatusCode.UnprocessableEntity,
            "wrong_picture",
            V1Calls.Bytes("no picture"u8.ToArray())
        );
    }

    private static Task<JsonNode> ReadAsync(RunningServer server, byte[] png) =>
        server.CallAsync(HttpMethod.Post, "/v1/read", HttpStatusCode.OK, V1Calls.Bytes(png));

    private static async Task<byte[]> MakeAsync(RunningServer server)
    {
        using var form = new MultipartFormDataContent
        {
            {
                V1Calls.Json(
                    """
                    {"prompt":"x","seed":3,"steps":1,"size":{"width":64,"height":64},
                    "units":[{"kind":"canny","picture":"p"}]}
                    """
                ),
                "request"
            },
            { V1Calls.Bytes(V1Calls.Png()), "p", "p.png" },
        };
        var submitted = await server.CallAsync(HttpMethod.Post, "/v1/generations", HttpStatusCode.Accepted, form);
        var job = await server.OverAsync((string)submitted["id"]!);
        return await server.Client.GetByteArrayAsync((string?)job["files"]![0]!["url"], Stop);
    }
}
