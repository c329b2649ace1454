using System.Text.Json.Nodes;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

public class RefusalTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    [Theory]
    [InlineData("""{"subseed_strength": 0.5}""", "subseed_strength 0.5")]
    [InlineData("""{"seed_resize_from_w": 512}""", "seed_resize_from_w 512")]
    [InlineData("""{"s_churn": 1}""", "s_churn 1")]
    [InlineData("""{"refiner_checkpoint": "refiner"}""", "refiner_checkpoint refiner")]
    [InlineData("""{"sampler_name": "Nonsense"}""", "sampler_name Nonsense")]
    [InlineData("""{"sampler_index": "LMS"}""", "sampler_name LMS")]
    [InlineData("""{"scheduler": "turbo"}""", "scheduler turbo")]
    [InlineData("""{"sampler_name": "Euler a", "eta": 1.5}""", "eta 1.5")]
    [InlineData("""{"cfg_scale": 0}""", "cfg_scale 0")]
    [InlineData("""{"steps": 0}""", "steps 0")]
    [InlineData("""{"width": 0}""", "width 0")]
    [InlineData("""{"height": 100000}""", "height 100000")]
    [InlineData("""{"batch_size": 1000}""", "batch_size 1000")]
    [InlineData("""{"seed": -5}""", "seed -5")]
    [InlineData("""{"override_settings": {"sd_model_checkpoint": "nothing"}}""", "nothing")]
    [InlineData("""{"override_settings": {"eta_noise_seed_delta": 31337}}""", "eta_noise_seed_delta")]
    [InlineData("""{"override_settings": {"samples_format": "bmp"}}""", "samples_format")]
    [InlineData("""{"script_name": "x/y/z plot"}""", "Script 'x/y/z plot' not found")]
    [InlineData("""{"script_name": "sd upscale"}""", "Script 'sd upscale' not found")]
    [InlineData("""{"alwayson_scripts": {"ADetailer": {"args": []}}}""", "Script 'ADetailer' not found")]
    [InlineData("""{"alwayson_scripts": {"SD Upscale": {}}}""", "selectable script")]
    [InlineData("""{"enable_hr": true, "hr_upscaler": "Latent (antialiased)"}""", "hr_upscaler")]
    [InlineData("""{"enable_hr": true, "hr_sampler_name": "DDIM"}""", "hr_sampler_name")]
    [InlineData("""{"enable_hr": true, "hr_prompt": "another"}""", "hr_prompt")]
    [InlineData("""{"enable_hr": true, "hr_checkpoint_name": "another"}""", "hr_checkpoint_name")]
    [InlineData("""{"enable_hr": true, "hr_resize_x": 128, "hr_resize_y": 64}""", "hr_resize_x")]
    [InlineData("""{"enable_hr": true, "hr_scale": 20}""", "hr_scale")]
    [InlineData("""{"prompt": ["a"]}""", "body")]
    [InlineData("""{"batch_size": -2, "n_iter": 3}""", "batch_size -2")]
    [InlineData("""{"sampler_index": null}""", "none is not an allowed value")]
    public async Task Request_ThatCannotBeCarriedOut_IsRefusedByItsField(string changes, string named) =>
        Assert.Contains(named, await client.RefusedAsync(Body(changes)), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"model": "None"}""", "units[0].model")]
    [InlineData("""{"model": "control_v11p_sd15_tile"}""", "units[0].model 'control_v11p_sd15_tile': model not found")]
    [InlineData("""{"module": "nonsense"}""", "units[0].module 'nonsense': Module not available")]
    [InlineData("""{"module": "pidinet"}""", "units[0].module 'pidinet': Module not supported; there are softedge_pocket")]
    [InlineData("""{"module": "depth_midas"}""", "units[0].module 'depth_midas'")]
    [InlineData("""{"image": null}""", "units[0].image: there is no picture")]
    [InlineData("""{"image": ""}""", "units[0].image: there is no picture")]
    [InlineData("""{"image": "", "mask": "AAAA"}""", "units[0].mask")]
    [InlineData("""{"image": [{"image": "a"}, {"image": "b"}]}""", "units[0].image: several pictures")]
    [InlineData("""{"input_image": "AAAA"}""", "units[0].input_image: is another name of image")]
    [InlineData("""{"weight": 2.5}""", "units[0].weight 2.5")]
    [InlineData("""{"guidance_start": 0.8, "guidance_end": 0.2}""", "units[0].guidance_start")]
    [InlineData("""{"control_mode": "Strong"}""", "units[0].control_mode Strong")]
    [InlineData("""{"resize_mode": "Stretch"}""", "units[0].resize_mode Stretch")]
    [InlineData("""{"hr_option": "Never"}""", "units[0].hr_option Never")]
    [InlineData("""{"union_control_type": "Depth"}""", "units[0].union_control_type 'Depth': this is not offered here")]
    [InlineData("""{"input_mode": "batch"}""", "units[0].input_mode")]
    [InlineData("""{"ipadapter_input": ["AAAA"]}""", "units[0].ipadapter_input")]
    [InlineData("""{"advanced_weighting": "x"}""", "units[0].advanced_weighting")]
    [InlineData("""{"module": "inpaint_only"}""", "units[0].mask")]
    [InlineData("""{"module": "ip-adapter_clip_sd15"}""", "is no IP-Adapter")]
    [InlineData("""{"module": "ip-adapter_face_id"}""", "units[0].module 'ip-adapter_face_id': Module not supported; there are ip-adapter-auto")]
    [InlineData("""{"weight": "much"}""", "value is not a valid float")]
    public async Task Unit_ThatCannotRun_FailsTheRequestByUnitAndField(string changes, string named) =>
        Assert.Contains(named, await client.RefusedAsync(WithUnit(changes)), StringComparison.Ordinal);

    [Fact]
    public async Task SecondUnit_IsNamedByItsPlaceAmongTheArguments()
    {
        var body = WithUnit();
        var args = body["alwayson_scripts"]!["ControlNet"]!["args"]!.AsArray();
        args.Insert(0, JsonNode.Parse("""{"enabled": false, "weight": 9}"""));
        args.Insert(0, true);
        args.Add(JsonNode.Parse("""{"module": "canny", "model": "controlnet_canny", "weight": 3}"""));
        args[3]!["image"] = Square();

        Assert.StartsWith("units[3].weight 3", await client.RefusedAsync(body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"init_images": null}""", 404, "Init image not found")]
    [InlineData("""{"init_images": []}""", 500, "init_images is empty")]
    [InlineData("""{"init_images": ["invalid_base64_data"]}""", 500, "Invalid encoded image")]
    [InlineData("""{"init_images": ["https://example.org/a.png"]}""", 500, "Requests not allowed")]
    [InlineData("""{"resize_mode": 3}""", 422, "resize_mode 3")]
    [InlineData("""{"denoising_strength": null}""", 422, "none is not an allowed value")]
    [InlineData("""{"denoising_strength": 1.5}""", 422, "denoising_strength 1.5")]
    [InlineData("""{"n_iter": -2, "script_name": "sd upscale"}""", 422, "n_iter -2")]
    [InlineData("""{"initial_noise_multiplier": 1.1}""", 422, "initial_noise_multiplier")]
    [InlineData("""{"latent_mask": "AAAA"}""", 422, "latent_mask")]
    [InlineData("""{"script_name": "sd upscale", "script_args": ["", 8, "ESRGAN", 2.0]}""", 422, "script_args[2]")]
    [InlineData("""{"script_name": "sd upscale", "script_args": ["", 999, "None", 2.0]}""", 422, "script_args[1]")]
    public async Task Img2Img_ThatCannotBeCarriedOut_IsRefused(string changes, int status, string named)
    {
        var body = With(Body("""{"denoising_strength": 0.5}"""), "{}");
        body["init_images"] = new JsonArray(Square());

        Assert.Contains(named, await client.RefusedAsync(With(body, changes), status, "img2img"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mask_WithFeaturesThatAreNotOffered_IsRefused()
    {
        var body = Body("""{"mask_blur_x": 2, "mask_blur_y": 8}""");
        (body["init_images"], body["mask"]) = (new JsonArray(Square()), Square());

        Assert.Contains("mask_blur_y 8", await client.RefusedAsync(body, 422, "img2img"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "field required")]
    [InlineData("[1]", "value is not a valid dict")]
    public async Task Body_ThatIsNoObject_Is422WithAList(string? json, string message)
    {
        var (status, answer) = await client.PostAsync("/sdapi/v1/txt2img", json is null ? null : JsonNode.Parse(json));

        Assert.Equal(422, (int)status);
        Assert.Equal(message, answer!["detail"]![0]!["msg"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"prompt": """)]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("""{"styles": [{"a": "\uD800"}]}""")]
    public async Task Body_ThatIsNoJson_Is422(string json)
    {
        using var content = new StringContent(json);
        using var response = await client.Server.Client.PostAsync(
            "/sdapi/v1/txt2img",
            content,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(422, (int)response.StatusCode);
        Assert.Contains(
            "value_error.jsondecode",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task UnknownUpscalerOfTheSecondPass_Is500AsThere() =>
        Assert.Contains(
            "could not find upscaler named R-ESRGAN 4x+",
            await client.RefusedAsync(Body("""{"enable_hr": true, "hr_upscaler": "R-ESRGAN 4x+"}"""), 500),
            StringComparison.Ordinal
        );
}
