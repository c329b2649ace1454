using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Server.WebUi;
using Xunit;

namespace ControlNetSharp.Server.Tests.WebUi;

public sealed class OptionTests : IAsyncLifetime
{
    private readonly WebUiClient _client = new();

    public ValueTask InitializeAsync() => _client.InitializeAsync();

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task Options_AreToldAsTheyWereWritten()
    {
        var before = (await _client.GetAsync("/sdapi/v1/options")).AsObject();
        Assert.StartsWith("pocket [", before["sd_model_checkpoint"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.True(before["send_seed"]!.GetValue<bool>());

        var (status, answer) = await _client.PostAsync(
            "/sdapi/v1/options",
            JsonNode.Parse("""{"sd_model_checkpoint": "pocket", "send_seed": false, "CLIP_stop_at_last_layers": 2, "outdir_samples": "x"}""")
        );

        Assert.Equal((HttpStatusCode.OK, null), (status, answer));
        var after = (await _client.GetAsync("/sdapi/v1/options")).AsObject();
        Assert.Equal("pocket", after["sd_model_checkpoint"]!.GetValue<string>());
        Assert.False(after["send_seed"]!.GetValue<bool>());
        var (_, info, _) = await _client.MakeAsync(WebUiClient.Body());
        Assert.Equal(2, info["clip_skip"]!.GetValue<int>());
        // All that was read can be written back.
        Assert.Equal(HttpStatusCode.OK, (await _client.PostAsync("/sdapi/v1/options", before)).Status);
    }

    [Theory]
    [InlineData("""{"nonsense": 1}""", 500, "KeyError")]
    [InlineData("""{"send_seed": false, "sd_model_checkpoint": "nothing"}""", 500, "model 'nothing' not found")]
    [InlineData("""{"sd_vae": "nothing.vae.pt"}""", 500, "model 'nothing.vae.pt' not found")]
    [InlineData("""{"samples_format": "bmp"}""", 422, "samples_format")]
    [InlineData("""{"img2img_fix_steps": true}""", 422, "not offered")]
    [InlineData("""{"CLIP_stop_at_last_layers": "x"}""", 422, "not a valid float")]
    [InlineData("[]", 422, "valid dict")]
    public async Task Options_ThatCannotBeSet_LeaveAllAsTheyWere(string body, int status, string named)
    {
        var (code, answer) = await _client.PostAsync("/sdapi/v1/options", JsonNode.Parse(body));

        Assert.Equal(status, (int)code);
        Assert.Contains(named, answer!.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.True((await _client.GetAsync("/sdapi/v1/options"))["send_seed"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Options_LastLongerThanTheServer()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            using var body = new StringContent("""{"send_seed": false}""");
            await server.Client.PostAsync("/sdapi/v1/options", body, TestContext.Current.CancellationToken);
        }

        await using var next = await RunningServer.StartAsync(folder: folder);
        var options = await next.Client.GetStringAsync("/sdapi/v1/options", TestContext.Current.CancellationToken);

        Assert.False(JsonNode.Parse(options)!["send_seed"]!.GetValue<bool>());
    }
}
