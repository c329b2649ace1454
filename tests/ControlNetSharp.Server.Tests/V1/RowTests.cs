using System.Net;
using System.Security.Cryptography;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

/// <summary>Rows of hints by uploads: as many pictures as a row has, each under its own hint.</summary>
public class RowTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_AsUploads_GiveAPictureOfEach_WithItsHint()
    {
        await using var server = await RunningServer.StartAsync();
        var (wide, other) = (await UploadAsync(server, V1Calls.Png(96, 64)), await UploadAsync(server, V1Calls.Png(64, 64)));
        var id = await server.SubmitAsync(
            $$$"""
            {"prompt":"x","seed":7,"steps":1,"size":{"width":64,"height":64},"units":[
            {"kind":"canny","picture":{"sha256":"{{{other}}}"}},
            {"kind":"canny","picture":{"sha256":"{{{wide}}}"},"frames":[{"sha256":"{{{other}}}"},{"sha256":"{{{wide}}}","frame":0}]}]}
            """
        );

        var job = await server.OverAsync(id);

        Assert.Equal("done", (string?)job["state"]);
        var pictures = job["files"]!.AsArray().Where(file => (string?)file!["role"] == "picture");
        Assert.Equal([7L, 8, 9], pictures.Select(file => (long)file!["seed"]!));
        Assert.Equal(
            ["hint-0.png", "hint-1-1.png", "hint-1-2.png", "hint-1.png", "picture-0.png", "picture-1.png", "picture-2.png"],
            job["files"]!.AsArray().Select(file => (string)file!["name"]!).Order(StringComparer.Ordinal)
        );
        var alone = await server.SubmitAsync(
            $$$"""
            {"prompt":"x","seed":8,"steps":1,"size":{"width":64,"height":64},"units":[
            {"kind":"canny","picture":{"sha256":"{{{other}}}"}},{"kind":"canny","picture":{"sha256":"{{{other}}}"}}]}
            """
        );
        await server.OverAsync(alone);
        Assert.Equal(
            PictureReader.Read(await FileAsync(server, alone, "picture-0.png")).Rgb.ToArray(),
            PictureReader.Read(await FileAsync(server, id, "picture-1.png")).Rgb.ToArray()
        );
    }

    [Theory]
    [InlineData(""", "count": 3""", "count")]
    [InlineData(""", "batch": 2""", "batch")]
    public async Task Frames_OfAnotherNumberThanIsAskedFor_AreRefused(string more, string member)
    {
        await using var server = await RunningServer.StartAsync(new ServerSettings { Workers = 0 });
        var data = Convert.ToBase64String(V1Calls.Png());
        var problem = await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/generations",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            V1Calls.Json($$$"""{"prompt":"x"{{{more}}},"units":[{"kind":"canny","picture":{"data":"{{{data}}}"},"frames":[{"data":"{{{data}}}"}]}]}""")
        );
        Assert.Equal(member, (string?)problem["member"]);
    }

    private static async Task<string> UploadAsync(RunningServer server, byte[] png)
    {
        await server.CallAsync(HttpMethod.Post, "/v1/uploads", HttpStatusCode.Created, V1Calls.Bytes(png));
        return Convert.ToHexStringLower(SHA256.HashData(png));
    }

    private static Task<byte[]> FileAsync(RunningServer server, string job, string name) =>
        server.Client.GetByteArrayAsync($"/v1/jobs/{job}/files/{name}", Stop);
}
