using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

public class ExtraTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    [Theory]
    [InlineData("{}", 64, 64)]
    [InlineData("""{"upscaler_1": "None", "upscaling_resize": 4}""", 64, 64)]
    [InlineData("""{"upscaler_1": "Lanczos", "upscaling_resize": 1.5}""", 96, 96)]
    [InlineData("""{"upscaler_1": "nearest", "resize_mode": 1, "upscaling_resize_w": 100, "upscaling_resize_h": 50}""", 100, 50)]
    [InlineData("""{"upscaler_1": "Nearest", "resize_mode": 1, "upscaling_resize_w": 100, "upscaling_resize_h": 50, "upscaling_crop": false}""", 50, 50)]
    [InlineData("""{"upscaler_1": "Lanczos", "upscaler_2": "Nearest", "extras_upscaler_2_visibility": 0.5, "gfpgan_visibility": 0.5}""", 128, 128)]
    [InlineData("""{"model": "clip", "unknown": 1}""", 64, 64)]
    public async Task Single_IsEnlarged(string changes, int width, int height)
    {
        var (status, answer) = await client.PostAsync(
            "/sdapi/v1/extra-single-image",
            With(new JsonObject { ["image"] = Square() }, changes)
        );

        Assert.Equal(HttpStatusCode.OK, status);
        var picture = Decoded(answer!["image"]);
        Assert.Equal((width, height), (picture.Width, picture.Height));
        Assert.StartsWith("<p>", answer["html_info"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"resize_mode": 2}""", 422)]
    [InlineData("""{"gfpgan_visibility": 1.5}""", 422)]
    [InlineData("""{"upscaling_resize_w": 0}""", 422)]
    [InlineData("""{"upscaler_1": "Lanczos", "upscaling_resize": 1000}""", 422)]
    [InlineData("""{"upscaler_1": "ESRGAN_4x"}""", 500)]
    [InlineData("""{"image": "x"}""", 500)]
    [InlineData("""{"image": "http://example.org/a.png"}""", 500)]
    public async Task Single_ThatCannotBeDone_IsRefused(string changes, int expected)
    {
        var (status, _) = await client.PostAsync(
            "/sdapi/v1/extra-single-image",
            With(new JsonObject { ["image"] = Square() }, changes)
        );

        Assert.Equal(expected, (int)status);
    }

    [Fact]
    public async Task Batch_IsEnlargedEach()
    {
        var (status, answer) = await client.PostAsync(
            "/sdapi/v1/extra-batch-images",
            new JsonObject
            {
                ["upscaler_1"] = "Lanczos",
                ["imageList"] = new JsonArray(
                    new JsonObject { ["data"] = Square(), ["name"] = "a" },
                    new JsonObject { ["data"] = Square(32), ["name"] = "b" }
                ),
            }
        );

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([128, 64], answer!["images"]!.AsArray().Select(image => Decoded(image).Width));
        Assert.Equal(422, (int)(await client.PostAsync("/sdapi/v1/extra-batch-images", new JsonObject())).Status);
    }

    [Fact]
    public async Task PngInfo_TellsHowAPictureWasMade()
    {
        var (images, info, _) = await client.MakeAsync(Body("""{"negative_prompt": "blurry"}"""));

        var (status, answer) = await client.PostAsync("/sdapi/v1/png-info", new JsonObject { ["image"] = images[0]!.DeepClone() });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(info["infotexts"]![0]!.GetValue<string>(), answer!["info"]!.GetValue<string>());
        var parameters = answer["parameters"]!;
        Assert.Equal(("a red house", "blurry", "64", "1"), (
            parameters["Prompt"]!.GetValue<string>(),
            parameters["Negative prompt"]!.GetValue<string>(),
            parameters["Size-1"]!.GetValue<string>(),
            parameters["Clip skip"]!.GetValue<string>()
        ));
        Assert.True(answer["items"]!.AsObject().ContainsKey("controlnetsharp"));
    }

    [Theory]
    [InlineData("{}", 422)]
    [InlineData("""{"image": null}""", 422)]
    [InlineData("""{"image": ""}""", 404)]
    [InlineData("""{"image": "nothing"}""", 500)]
    public async Task PngInfo_OfNoPicture_IsRefused(string body, int expected) =>
        Assert.Equal(expected, (int)(await client.PostAsync("/sdapi/v1/png-info", JsonNode.Parse(body))).Status);

    [Fact]
    public async Task PngInfo_OfAPictureWithoutText_IsEmpty()
    {
        var (_, answer) = await client.PostAsync("/sdapi/v1/png-info", new JsonObject { ["image"] = Square() });

        Assert.Equal("", answer!["info"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"image": "", "model": "clip"}""", 404)]
    [InlineData("""{"image": "AAAAAAAAAAAA", "model": "nothing"}""", 404)]
    [InlineData("""{"image": "AAAAAAAAAAAA", "model": "clip"}""", 422)]
    public async Task Captions_AreNotMade(string body, int expected) =>
        Assert.Equal(expected, (int)(await client.PostAsync("/sdapi/v1/interrogate", JsonNode.Parse(body))).Status);
}
