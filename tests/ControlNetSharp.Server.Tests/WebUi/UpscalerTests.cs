using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Server.Tests.V1;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;
using static TorchSharp.torch;

namespace ControlNetSharp.Server.Tests.WebUi;

/// <summary>A server whose folder of models has upscalers.</summary>
public sealed class UpscalerTests(UpscalerTests.Upscalers upscalers) : IClassFixture<UpscalerTests.Upscalers>
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private RunningServer Server => upscalers.Server;

    [Fact]
    public async Task Lists_HaveTheFilesUnderTheNamesOfTheWebUi()
    {
        var rows = (await Server.GetAsync("/sdapi/v1/upscalers")).AsArray();
        Assert.Equal(["None", "Lanczos", "Nearest", "4x_tiny", "R-ESRGAN 2x+"], rows.Select(row => (string)row!["name"]!));
        Assert.Equal("""{"name":"R-ESRGAN 2x\u002B","model_name":"R-ESRGAN 2x\u002B","model_path":"RealESRGAN_x2plus.safetensors","model_url":null,"scale":2}""", rows[4]!.ToJsonString());
        Assert.Equal("""[{"name":"R-ESRGAN 2x\u002B","path":"RealESRGAN_x2plus.safetensors","scale":2}]""", (await Server.GetAsync("/sdapi/v1/realesrgan-models")).ToJsonString());
        Assert.Equal(["4x_tiny.safetensors", "RealESRGAN_x2plus.safetensors"], (await Server.GetAsync("/v1/upscalers")).AsArray().Select(row => (string)row!["name"]!).Skip(6));
    }

    [Theory]
    [InlineData("""{"upscaler_1": "4x_tiny", "upscaling_resize": 4}""", 256, 256)]
    [InlineData("""{"upscaler_1": "R-ESRGAN 2x+", "upscaling_resize": 3}""", 192, 192)]
    [InlineData("""{"upscaler_1": "4x_tiny", "upscaling_resize": 0.5}""", 32, 32)]
    [InlineData("""{"upscaler_1": "4x_tiny", "resize_mode": 1, "upscaling_resize_w": 100, "upscaling_resize_h": 80}""", 100, 80)]
    [InlineData("""{"upscaler_1": "R-ESRGAN 2x+", "upscaler_2": "Lanczos", "extras_upscaler_2_visibility": 0.5}""", 128, 128)]
    public async Task Extras_EnlargeByAFile(string changes, int width, int height)
    {
        var (status, answer) = await PostAsync("/sdapi/v1/extra-single-image", With(new JsonObject { ["image"] = Square() }, changes));
        Assert.True(status == HttpStatusCode.OK, answer?.ToJsonString());
        var picture = Decoded(answer!["image"]);
        Assert.Equal((width, height), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Extras_OfABatch_GiveWhatTheNetworkMakes()
    {
        var list = new JsonArray(new JsonObject { ["data"] = Square(), ["name"] = "a" }, new JsonObject { ["data"] = Square(32), ["name"] = "b" });
        var (_, answer) = await PostAsync("/sdapi/v1/extra-batch-images", new JsonObject { ["upscaler_1"] = "4x_tiny", ["upscaling_resize"] = 4, ["imageList"] = list });
        using var network = UpscalerFile.Load(upscalers.File, Placement.Cpu32);
        var expected = new PictureUpscaler(network).Enlarge(PictureReader.Read(Convert.FromBase64String(Square(32))), 128, 128, cancellationToken: Stop);
        Assert.True(expected.Rgb.SequenceEqual(Decoded(answer!["images"]![1]).Rgb));
        Assert.Contains("Postprocess upscaler: 4x_tiny, 128x128", (string)answer["html_info"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4x_tiny", 96)]
    [InlineData("R-ESRGAN 2x+", 96)]
    public async Task SecondPass_ByAFile_IsMade_AndTheInfotextNamesIt(string name, int side)
    {
        var body = Body("""{"enable_hr": true, "hr_scale": 1.5, "hr_second_pass_steps": 1, "denoising_strength": 0.5}""");
        body["hr_upscaler"] = name;
        var (status, answer) = await PostAsync("/sdapi/v1/txt2img", body);
        Assert.True(status == HttpStatusCode.OK, answer?.ToJsonString());
        Assert.Equal(side, Decoded(answer!["images"]![0]).Width);
        Assert.Contains($"Hires upscaler: {name}", (string)answer["info"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upscale_OfV1_IsAJob_ThatCanBeReplayed_AndRefusedWhereItsFileIsNone()
    {
        var picture = Square(32);
        var id = await Server.SubmitAsync($$"""{"picture": {"data": "{{picture}}"}, "upscaler": "4x_tiny"}""", route: "upscales");
        var job = await Server.OverAsync(id);
        Assert.Equal(("upscale", "done", 4), ((string)job["kind"]!, (string)job["state"]!, (double)job["facts"]!["scale"]!));
        var bytes = await Server.Client.GetByteArrayAsync((string)job["files"]![0]!["url"]!, Stop);
        Assert.Equal(128, PictureReader.Read(bytes).Width);
        var again = await Server.OverAsync(await Server.SubmitAsync("", route: $"jobs/{id}/replay"));
        Assert.Equal(bytes, await Server.Client.GetByteArrayAsync((string)again["files"]![0]!["url"]!, Stop));

        async Task<string?> Member(string json) => (string?)(await Server.RefusedAsync(HttpMethod.Post, "/v1/upscales", HttpStatusCode.UnprocessableEntity, "wrong_input", V1Calls.Json(json)))["member"];
        Assert.Equal("upscaler", await Member($$"""{"picture": {"data": "{{picture}}"}, "upscaler": "latent"}"""));
        Assert.Equal("scale", await Member($$"""{"picture": {"data": "{{picture}}"}, "scale": 17}"""));
        Assert.Equal("picture", await Member("""{"picture": "/etc/passwd"}"""));
        Assert.Equal("colour", await Member($$"""{"picture": {"data": "{{picture}}"}, "colour": "red"}"""));
    }

    private async Task<(HttpStatusCode Status, JsonNode? Answer)> PostAsync(string path, JsonNode body)
    {
        using var response = await Server.Client.PostAsync(path, V1Calls.Json(body.ToJsonString()), Stop);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop)));
    }

    /// <summary>The server with its files.</summary>
    public sealed class Upscalers : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        internal RunningServer Server { get; private set; } = null!;

        /// <summary>The file of 4x_tiny.</summary>
        public string File => _folder["a1111/models/ESRGAN/4x_tiny.safetensors"];

        public async ValueTask InitializeAsync()
        {
            NativeLibraries.EnsureLoaded();
            Write(File, new RrdbNetwork(new() { Features = 4, Growth = 2, Blocks = 1, Doublings = 2, Unshuffle = 1 }, Placement.Cpu32));
            Write(_folder["a1111/models/RealESRGAN/RealESRGAN_x2plus.safetensors"], new RrdbNetwork(new() { Features = 4, Growth = 2, Blocks = 1, Doublings = 2, Unshuffle = 2 }, Placement.Cpu32));
            System.IO.File.WriteAllText(_folder["a1111/models/ESRGAN/broken.pth"], "not found");
            Server = await RunningServer.StartAsync(new ServerSettings { Models = [_folder["a1111"]] });
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            _folder.Dispose();
        }

        private static void Write(string path, UpscalerNetwork network)
        {
            using var owned = network;
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            using var generator = new Generator(3);
            foreach (var (_, parameter) in network.named_parameters())
            {
                parameter.copy_(randn(parameter.shape, generator: generator) * 0.2);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            SafetensorsWriter.Write(path, network.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter), new Dictionary<string, string>());
        }
    }
}
