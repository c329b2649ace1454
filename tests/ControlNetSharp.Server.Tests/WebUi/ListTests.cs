using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace ControlNetSharp.Server.Tests.WebUi;

public class ListTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/sdapi/v1/samplers", "name", "Euler a", "DPM++ 2M", "DDIM", "PLMS", "UniPC")]
    [InlineData("/sdapi/v1/schedulers", "name", "automatic", "uniform", "karras", "sgm_uniform")]
    [InlineData("/sdapi/v1/schedulers", "label", "Automatic", "SGM Uniform")]
    [InlineData("/sdapi/v1/upscalers", "name", "None", "Lanczos", "Nearest")]
    [InlineData("/sdapi/v1/latent-upscale-modes", "name", "Latent", "Latent (nearest-exact)")]
    [InlineData("/sdapi/v1/sd-models", "model_name", "pocket")]
    [InlineData("/sdapi/v1/script-info", "name", "controlnet", "sd upscale")]
    [InlineData("/sdapi/v1/extensions", "name", "sd-webui-controlnet")]
    public async Task List_Has(string path, string key, params string[] expected)
    {
        var names = (await client.GetAsync(path)).AsArray().Select(row => row![key]!.GetValue<string>());

        Assert.Subset(names.ToHashSet(), expected.ToHashSet());
    }

    [Theory]
    [InlineData("sd-vae")]
    [InlineData("loras")]
    [InlineData("hypernetworks")]
    [InlineData("face-restorers")]
    [InlineData("realesrgan-models")]
    [InlineData("prompt-styles")]
    public async Task List_MayBeEmpty(string name) => Assert.IsType<JsonArray>(await client.GetAsync("/sdapi/v1/" + name));

    [Theory]
    [InlineData("/sdapi/v1/cmd-flags")]
    [InlineData("/sdapi/v1/embeddings")]
    [InlineData("/sdapi/v1/memory")]
    [InlineData("/internal/ping")]
    [InlineData("/internal/pending-tasks")]
    public async Task Object_IsTold(string path) => Assert.IsType<JsonObject>(await client.GetAsync(path));

    [Theory]
    [InlineData("refresh-checkpoints", "null")]
    [InlineData("refresh-vae", "null")]
    [InlineData("refresh-embeddings", "null")]
    [InlineData("refresh-loras", "null")]
    [InlineData("unload-checkpoint", "{}")]
    [InlineData("reload-checkpoint", "{}")]
    [InlineData("skip", "null")]
    [InlineData("interrupt", "{}")]
    public async Task Post_WithoutBody_AnswersWithJson(string name, string expected)
    {
        var (status, answer) = await client.PostAsync("/sdapi/v1/" + name, null);

        Assert.Equal((HttpStatusCode.OK, expected), (status, answer?.ToJsonString() ?? "null"));
    }

    [Fact]
    public async Task Scripts_HaveTheOneThatClientsMiss()
    {
        var scripts = await client.GetAsync("/sdapi/v1/scripts");

        Assert.Equal(["controlnet", "controlnet m2m"], scripts["txt2img"]!.AsArray().Select(name => name!.GetValue<string>()));
    }

    [Theory]
    [InlineData("GET", "/sdapi/v1/nothing", 404, "Not Found")]
    [InlineData("POST", "/controlnet/txt2img", 404, "Not Found")]
    [InlineData("GET", "/internal/nothing", 404, "Not Found")]
    [InlineData("GET", "/sdapi/v1/txt2img", 405, "Method Not Allowed")]
    [InlineData("DELETE", "/sdapi/v1/options", 405, "Method Not Allowed")]
    public async Task Route_ThatIsNotThere_SaysSoAsThere(string verb, string path, int status, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), path);
        using var response = await client.Server.Client.SendAsync(request, Stop);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(detail, JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task LongAnswer_IsCompressedForThoseWhoTakeIt_AndTimed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/controlnet/module_list");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var response = await client.Server.Client.SendAsync(request, Stop);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.True(double.Parse(response.Headers.GetValues("X-Process-Time").Single(), System.Globalization.CultureInfo.InvariantCulture) >= 0);
        await using var plain = new GZipStream(await response.Content.ReadAsStreamAsync(Stop), CompressionMode.Decompress);
        Assert.NotNull((await JsonNode.ParseAsync(plain, cancellationToken: Stop))!["module_list"]);
        using var ping = await client.Server.Client.GetAsync("/internal/ping", Stop);
        Assert.Empty(ping.Content.Headers.ContentEncoding);
    }
}
