using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

public class UploadTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Fact]
    public async Task Upload_OfAPicture_IsKeptUnderItsDigestAndNamedByARequest()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var png = V1Calls.Png(48, 32);

        var kept = await server.CallAsync(HttpMethod.Post, "/v1/uploads", HttpStatusCode.Created, V1Calls.Bytes(png));

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(png));
        Assert.Equal(
            (sha256, png.Length, "image/png", 48, 32),
            ((string?)kept["sha256"], (int)kept["size"]!, (string?)kept["mediaType"], (int)kept["width"]!, (int)kept["height"]!)
        );
        Assert.Equal(png, await server.Client.GetByteArrayAsync($"/v1/uploads/{sha256}", Stop));
        await server.SubmitAsync($$$"""{"prompt":"x","units":[{"kind":"canny","picture":{"sha256":"{{{sha256}}}"}}]}""");
    }

    [Fact]
    public async Task Upload_AsAForm_IsItsOneFile()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        using var form = new MultipartFormDataContent { { V1Calls.Bytes(V1Calls.Png()), "file", "a.png" } };

        var kept = await server.CallAsync(HttpMethod.Post, "/v1/uploads", HttpStatusCode.Created, form);

        Assert.Equal(64, (int)kept["width"]!);
    }

    [Fact]
    public async Task Upload_OfWhatABrowserWouldRun_IsSentAsBytes()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var kept = await server.CallAsync(
            HttpMethod.Post,
            "/v1/uploads",
            HttpStatusCode.Created,
            V1Calls.Bytes("<script>alert(1)</script>"u8.ToArray(), "text/html")
        );

        using var response = await server.Client.GetAsync($"/v1/uploads/{kept["sha256"]}", Stop);

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Picture_ThatSaysItIsHuge_IsRefusedWithoutDecodingWhereverItComes()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var bomb = V1Calls.Png();
        BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(16), 60_000);
        BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(20), 60_000);
        using var form = new MultipartFormDataContent
        {
            { V1Calls.Json("""{"kind":"canny","picture":"p"}"""), "unit" },
            { V1Calls.Bytes(bomb), "p", "p.png" },
        };

        await RefusedAsync("uploads", V1Calls.Bytes(bomb));
        await RefusedAsync("annotations", form);
        await RefusedAsync(
            "generations",
            V1Calls.Json($$$"""{"prompt":"x","initial":{"picture":{"data":"{{{Convert.ToBase64String(bomb)}}}"} } }""")
        );

        Task RefusedAsync(string route, HttpContent content) =>
            server.RefusedAsync(HttpMethod.Post, "/v1/" + route, HttpStatusCode.UnprocessableEntity, "wrong_picture", content);
    }

    [Fact]
    public async Task Upload_OfNothing_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        await server.RefusedAsync(
            HttpMethod.Post,
            "/v1/uploads",
            HttpStatusCode.UnprocessableEntity,
            "wrong_input",
            V1Calls.Bytes([])
        );
        await server.RefusedAsync(HttpMethod.Get, "/v1/uploads/00ff", HttpStatusCode.NotFound, "not_found");
    }
}
