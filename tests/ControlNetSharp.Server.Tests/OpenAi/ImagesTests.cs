using System.ClientModel;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Tests.V1;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;
using OpenAI.Images;
using OpenAI.Models;
using Xunit;

namespace ControlNetSharp.Server.Tests.OpenAi;

#pragma warning disable OPENAI001 // Parts of the client that its makers may change: the tests say when they do.

public class ImagesTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;
    private static readonly ServerSettings FrontEnd = new() { Workers = 0 };

    [Fact]
    public async Task Client_OfOpenAi_GetsThePictureOfTheEngine()
    {
        await using var server = await RunningServer.StartAsync();
        var request = new GenerationRequest
        {
            Prompt = "a red house",
            Size = new PictureSize(64, 64),
            Seed = 7,
            Steps = 2,
        };

        var answer = await GenerateAsync(
            server,
            """{"model":"pocket","prompt":"a red house","size":"64x64","seed":7,"steps":2,"n":1}"""
        );

        var engine = server.App.Services.GetRequiredService<ControlNetEngine>();
        var expected = await engine.GenerateAsync(request, cancellationToken: Stop);
        Assert.Equal(expected.Pictures[0].Picture.Rgb, PictureReader.Read(answer[0].ImageBytes).Rgb);
        Assert.Equal(("64x64", "png"), (answer.Size.ToString(), answer.OutputFileFormat.ToString()));
    }

    [Fact]
    public async Task Client_OfOpenAi_GetsSeveralPicturesInItsFormat()
    {
        await using var server = await RunningServer.StartAsync();

        var answer = await GenerateAsync(
            server,
            """{"prompt":"x","size":"64x64","steps":1,"n":2,"output_format":"jpeg","output_compression":80}"""
        );

        Assert.Equal(2, answer.Count);
        Assert.All(answer, image => Assert.Equal("JPEG", PictureSignature.FormatOf(image.ImageBytes.ToArray())));
    }

    [Fact]
    public async Task Client_OfOpenAi_GetsAnAddressThatHasThePicture()
    {
        await using var server = await RunningServer.StartAsync();

        var answer = await GenerateAsync(
            server,
            """{"prompt":"x","size":"64x64","steps":1,"response_format":"url"}"""
        );

        var bytes = await server.Client.GetByteArrayAsync(answer[0].ImageUri, Stop);
        Assert.Equal(64, PictureReader.Read(bytes).Width);
    }

    [Fact]
    public async Task Client_OfOpenAi_RepaintsWhatIsTransparentAlone()
    {
        await using var server = await RunningServer.StartAsync();
        var png = V1Calls.Png();

        var edited = await Client(server)
            .GenerateImageEditAsync(
                new MemoryStream(png),
                "a.png",
                "a red house",
                new MemoryStream(RightHalfTransparent(64)),
                "mask.png",
                new ImageEditOptions { Size = new GeneratedImageSize(64, 64) },
                Stop
            );

        var (before, after) = (PictureReader.Read(png), PictureReader.Read(edited.Value.ImageBytes));
        Assert.True(Difference(0, 16) < 4, $"kept part changed by {Difference(0, 16)}");
        Assert.True(Difference(40, 64) > 4, $"repainted part changed by {Difference(40, 64)}");

        double Difference(int from, int to) =>
            Enumerable
                .Range(0, 64 * 64)
                .Where(pixel => pixel % 64 >= from && pixel % 64 < to)
                .Average(pixel => Math.Abs(before.Rgb[3 * pixel] - after.Rgb[3 * pixel]));
    }

    [Fact]
    public async Task Client_OfOpenAi_ListsTheModels()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);
        var client = new OpenAIModelClient(new ApiKeyCredential("any"), Options(server));

        var models = await client.GetModelsAsync(Stop);

        Assert.Equal(["pocket"], models.Value.Select(model => model.Id));
    }

    [Fact]
    public async Task Client_OfOpenAi_ReadsWhatIsWrong()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var e = await Assert.ThrowsAsync<ClientResultException>(() =>
            Client(server).GenerateImageAsync("x", new ImageGenerationOptions { Size = new GeneratedImageSize(63, 64) }, Stop)
        );

        Assert.Equal(400, e.Status);
        Assert.Contains("size 63x64", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"x","colour":1}""", "colour")]
    [InlineData("""{"prompt":"x","n":11}""", "n")]
    [InlineData("""{"prompt":"x","quality":"hd"}""", "quality")]
    [InlineData("""{"prompt":"x","background":"transparent"}""", "background")]
    [InlineData("""{"prompt":"x","partial_images":2}""", "partial_images")]
    [InlineData("""{"prompt":"x","response_format":"url","output_format":"webp"}""", "response_format")]
    [InlineData("""{"prompt":"x","guidance_scale":99}""", "guidance_scale")]
    [InlineData("""{"prompt":"x","control_units":[{"kind":"canny","picture":{"data":"AAAA"},"weight":3}]}""", "control_units[0].weight")]
    [InlineData("""{"prompt":"x","control_units":[{"kind":"canny","picture":{"data":"AAAA"},"wait":3}]}""", "control_units[0].wait")]
    [InlineData("""{"prompt":"x","control_units":[{"kind":"canny","picture":"/etc/passwd"}]}""", "control_units[0].picture")]
    [InlineData("""{"model":"pocket"}""", "")]
    public async Task Request_ThatCannotBe_NamesTheMemberOfThisApi(string json, string param)
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var error = await RefusedAsync(server, "generations", V1Calls.Json(json), HttpStatusCode.BadRequest);

        Assert.Equal(("invalid_request_error", param), ((string?)error["type"], (string?)error["param"]));
    }

    [Fact]
    public async Task Edit_WithAnOpaqueMaskOrTwoPictures_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        var opaque = await RefusedAsync(server, "edits", Form("image", "mask"), HttpStatusCode.BadRequest);
        var several = await RefusedAsync(server, "edits", Form("image[]", "image[]"), HttpStatusCode.BadRequest);
        var unused = await RefusedAsync(server, "edits", Form("image", "style"), HttpStatusCode.BadRequest);

        Assert.Equal(
            ("mask", "image", "style"),
            ((string?)opaque["param"], (string?)several["param"], (string?)unused["param"])
        );

        static MultipartFormDataContent Form(params string[] parts)
        {
            var form = new MultipartFormDataContent { { new StringContent("x"), "prompt" } };
            foreach (var part in parts)
            {
                form.Add(V1Calls.Bytes(V1Calls.Png()), part, part.Trim('[', ']') + ".png");
            }

            return form;
        }
    }

    [Fact]
    public async Task WrongTypeAndPath_AreToldInOpenAisForm()
    {
        await using var server = await RunningServer.StartAsync(FrontEnd);

        await RefusedAsync(server, "generations", new StringContent("{}"), HttpStatusCode.UnsupportedMediaType);
        await RefusedAsync(server, "variations", V1Calls.Json("{}"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Stream_GivesPicturesOnTheWayThenTheLastOne()
    {
        await using var server = await RunningServer.StartAsync();
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations")
        {
            Content = V1Calls.Json(
                """{"prompt":"x","size":"64x64","seed":7,"steps":12,"stream":true,"partial_images":2,"output_format":"webp"}"""
            ),
        };

        using var response = await server.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Stop);
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(Stop));
        var events = new List<(string Type, JsonNode Data)>();
        await foreach (var item in parser.EnumerateAsync(Stop))
        {
            events.Add((item.EventType, JsonNode.Parse(item.Data)!));
        }

        Assert.All(events, item => Assert.Equal(item.Type, (string?)item.Data["type"]));
        Assert.Equal("image_generation.completed", events[^1].Type);
        Assert.InRange(events.Count, 2, 3);
        Assert.All(events.SkipLast(1), item => Assert.Equal("image_generation.partial_image", item.Type));
        Assert.Equal(Enumerable.Range(0, events.Count - 1), events.SkipLast(1).Select(item => (int)item.Data["partial_image_index"]!));
        Assert.Equal((7, "64x64"), ((int)events[^1].Data["seed"]!, (string?)events[^1].Data["size"]));
        Assert.All(events, item => Assert.Equal("WebP", PictureSignature.FormatOf(Convert.FromBase64String((string)item.Data["b64_json"]!))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Caller_WhoLeaves_EndsTheJob(bool streams)
    {
        await using var server = await RunningServer.StartAsync();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations")
        {
            Content = V1Calls.Json($$"""{"prompt":"x","size":"64x64","steps":1000,"stream":{{(streams ? "true" : "false")}}}"""),
        };
        var calling = server.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        Job? job;
        while ((job = (await server.Store.ListAsync(new JobQuery(), Stop)).SingleOrDefault())?.State != JobState.Running)
        {
            await server.Store.NextChangeOfAnyAsync(Stop);
        }

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);

        Assert.Equal(JobState.Cancelled, (await server.Store.WaitAsync(job.Id, Stop))!.State);
    }

    private static async Task<JsonNode> RefusedAsync(
        RunningServer server,
        string route,
        HttpContent content,
        HttpStatusCode status
    )
    {
        var answer = await server.CallAsync(HttpMethod.Post, "/v1/images/" + route, status, content);
        var error = answer["error"]!;
        Assert.False(string.IsNullOrEmpty((string?)error["message"]));
        Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(member => member.Key));
        return error;
    }

    /// <summary>Its own call with members that it has not.</summary>
    private static async Task<GeneratedImageCollection> GenerateAsync(RunningServer server, string json)
    {
        using var content = BinaryContent.Create(BinaryData.FromString(json));
        return (GeneratedImageCollection)await Client(server).GenerateImagesAsync(content);
    }

    private static ImageClient Client(RunningServer server) =>
        new("pocket", new ApiKeyCredential("any"), Options(server));

    private static OpenAIClientOptions Options(RunningServer server) =>
        new() { Endpoint = new Uri(server.Address, "/v1"), NetworkTimeout = Patience.Time };

    private static byte[] RightHalfTransparent(int size)
    {
        using var bitmap = new SkiaSharp.SKBitmap(size, size, SkiaSharp.SKColorType.Rgba8888, SkiaSharp.SKAlphaType.Unpremul);
        for (var pixel = 0; pixel < size * size; pixel++)
        {
            var (x, y) = (pixel % size, pixel / size);
            bitmap.SetPixel(x, y, new SkiaSharp.SKColor(0, 0, 0, (byte)(x < size / 2 ? 255 : 0)));
        }

        return bitmap.Encode(SkiaSharp.SKEncodedImageFormat.Png, 100).ToArray();
    }
}
