using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Server.Tests.WebUi;

/// <summary>A running server for all tests of a class, called as clients of stable-diffusion-webui do it.</summary>
public sealed class WebUiClient : IAsyncLifetime
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A small request that differs in what is given.</summary>
    public static JsonObject Body(string changes = "{}")
    {
        var body = new JsonObject
        {
            ["prompt"] = "a red house",
            ["steps"] = 1,
            ["width"] = 64,
            ["height"] = 64,
            ["seed"] = 7,
        };
        return With(body, changes);
    }

    /// <summary>A request with one unit of canny, whose other fields are given.</summary>
    public static JsonObject WithUnit(string changes = "{}")
    {
        var unit = With(
            new JsonObject
            {
                ["module"] = "canny",
                ["model"] = "controlnet_canny",
                ["image"] = Square(),
            },
            changes
        );
        var body = Body();
        body["alwayson_scripts"] = new JsonObject { ["ControlNet"] = new JsonObject { ["args"] = new JsonArray(unit) } };
        return body;
    }

    /// <summary>A black square on white, in base64.</summary>
    public static string Square(int side = 64)
    {
        var rgb = new byte[3 * side * side];
        for (var i = 0; i < side * side; i++)
        {
            var isInside = i % side > side / 4 && i % side < side * 3 / 4 && i / side > side / 4 && i / side < side * 3 / 4;
            rgb.AsSpan(3 * i, 3).Fill(isInside ? (byte)0 : (byte)255);
        }

        return Convert.ToBase64String(PictureWriter.EncodePng(new Picture(side, side, rgb)));
    }

    public static JsonObject With(JsonObject body, string changes)
    {
        foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject().ToList())
        {
            body[key] = value?.DeepClone();
        }

        return body;
    }

    public static Picture Decoded(JsonNode? image) =>
        PictureSource.FromBytes(Convert.FromBase64String(image!.GetValue<string>())).Read();

    public async Task<(HttpStatusCode Status, JsonNode? Answer)> PostAsync(string path, JsonNode? body)
    {
        using var content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await Server.Client.PostAsync(path, content, Stop);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop)));
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var response = await Server.Client.GetAsync(path, Stop);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!;
    }

    /// <summary>Posts what must succeed.</summary>
    public async Task<(JsonArray Images, JsonObject Info, JsonObject Parameters)> MakeAsync(
        JsonObject body,
        string route = "txt2img"
    )
    {
        var (status, answer) = await PostAsync("/sdapi/v1/" + route, body);
        Assert.True(status == HttpStatusCode.OK, answer?.ToJsonString());
        return (
            answer!["images"]!.AsArray(),
            JsonNode.Parse(answer["info"]!.GetValue<string>())!.AsObject(),
            answer["parameters"]!.AsObject()
        );
    }

    /// <summary>Posts what must be refused, and gives the text of the refusal.</summary>
    public async Task<string> RefusedAsync(JsonObject body, int status = 422, string route = "txt2img")
    {
        var (code, answer) = await PostAsync("/sdapi/v1/" + route, body);
        Assert.True((int)code == status, $"{code} {answer?.ToJsonString()}");
        return answer!["detail"]!.ToString() + answer["errors"];
    }
}
