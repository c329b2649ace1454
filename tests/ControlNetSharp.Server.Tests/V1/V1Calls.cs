using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Server.Tests.V1;

/// <summary>Calls of <c>/v1</c> as any program would make them.</summary>
internal static class V1Calls
{
    public const string Small = """{"prompt":"a red house","seed":7,"steps":2,"size":{"width":64,"height":64}}""";

    /// <summary>So long that a test can do something while it runs.</summary>
    public const string Long = """{"prompt":"long","seed":7,"steps":1000,"size":{"width":64,"height":64}}""";

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    public static byte[] Png(int width = 64, int height = 64) =>
        PictureWriter.EncodePng(
            new Picture(width, height, [.. Enumerable.Range(0, 3 * width * height).Select(i => (byte)(i / 97 * 31))])
        );

    public static ByteArrayContent Bytes(byte[] bytes, string type = "image/png")
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    /// <summary>A call that must have this status; its body as JSON.</summary>
    public static async Task<JsonNode> CallAsync(
        this RunningServer server,
        HttpMethod method,
        string url,
        HttpStatusCode status,
        HttpContent? content = null,
        Action<HttpRequestMessage>? prepare = null
    )
    {
        using var message = new HttpRequestMessage(method, url) { Content = content };
        prepare?.Invoke(message);
        using var response = await server.Client.SendAsync(message, Stop);
        var text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.StatusCode == status, $"{method} {url}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public static Task<JsonNode> GetAsync(this RunningServer server, string url) =>
        server.CallAsync(HttpMethod.Get, url, HttpStatusCode.OK);

    /// <summary>Hands in and gives the job's identity.</summary>
    public static async Task<string> SubmitAsync(
        this RunningServer server,
        string json,
        string query = "",
        string route = "generations"
    ) =>
        (string)
            (
                await server.CallAsync(HttpMethod.Post, $"/v1/{route}{query}", HttpStatusCode.Accepted, Json(json))
            )["id"]!;

    /// <summary>The job once it is over.</summary>
    public static async Task<JsonNode> OverAsync(this RunningServer server, string id)
    {
        await server.Store.WaitAsync(id, Stop);
        return await server.GetAsync($"/v1/jobs/{id}");
    }

    /// <summary>A refusal, which must be problem details.</summary>
    public static async Task<JsonNode> RefusedAsync(
        this RunningServer server,
        HttpMethod method,
        string url,
        HttpStatusCode status,
        string code,
        HttpContent? content = null,
        Action<HttpRequestMessage>? prepare = null
    )
    {
        using var message = new HttpRequestMessage(method, url) { Content = content };
        prepare?.Invoke(message);
        using var response = await server.Client.SendAsync(message, Stop);
        var text = await response.Content.ReadAsStringAsync(Stop);
        Assert.True(response.StatusCode == status, $"{method} {url}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal((code, (int)status), ((string?)problem["code"], (int)problem["status"]!));
        Assert.False(string.IsNullOrEmpty((string?)problem["title"]));
        return problem;
    }
}
