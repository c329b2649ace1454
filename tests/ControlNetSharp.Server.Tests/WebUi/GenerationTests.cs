using System.Net;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

public class GenerationTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    [Fact]
    public async Task Txt2Img_Answers_PictureParametersAndInfo()
    {
        var (images, info, parameters) = await client.MakeAsync(Body());

        var picture = Decoded(Assert.Single(images));
        Assert.Equal((64, 64), (picture.Width, picture.Height));
        Assert.Equal(7, info["seed"]!.GetValue<long>());
        Assert.Equal("Euler", info["sampler_name"]!.GetValue<string>());
        Assert.Contains("Steps: 1, Sampler: Euler", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("pocket", info["sd_model_name"]!.GetValue<string>());
        Assert.Equal(10, info["sd_model_hash"]!.GetValue<string>().Length);
        Assert.Empty(info["warnings"]!.AsArray());
        // The echo has the fields that were not sent, too.
        Assert.Equal((7L, 7.0, false), (parameters["seed"]!.GetValue<long>(), parameters["cfg_scale"]!.GetValue<double>(), parameters["enable_hr"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task Batches_CountSeedsOn()
    {
        var (images, info, _) = await client.MakeAsync(Body("""{"batch_size": 2, "n_iter": 2}"""));

        Assert.Equal(4, images.Count);
        Assert.Equal([7, 8, 9, 10], info["all_seeds"]!.AsArray().Select(seed => seed!.GetValue<int>()));
        Assert.Equal(4, info["infotexts"]!.AsArray().Count);
    }

    [Fact]
    public async Task Seed_OfMinusOne_IsAnyAndTold()
    {
        var (_, first, parameters) = await client.MakeAsync(Body("""{"seed": -1}"""));
        var (_, second, _) = await client.MakeAsync(Body("""{"seed": -1}"""));

        Assert.NotEqual(first["seed"]!.GetValue<long>(), second["seed"]!.GetValue<long>());
        Assert.Equal(-1, parameters["seed"]!.GetValue<int>());
    }

    [Fact]
    public async Task Unit_WithoutEnabled_ActsAndShowsItsMap()
    {
        var (images, info, _) = await client.MakeAsync(WithUnit());
        var (plain, _, _) = await client.MakeAsync(Body());

        Assert.Equal(2, images.Count);
        Assert.NotEqual(Decoded(plain[0]).Rgb.ToArray(), Decoded(images[0]).Rgb.ToArray());
        Assert.Contains("ControlNet 0", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reference_only")]
    [InlineData("reference_adain")]
    [InlineData("reference_adain+attn")]
    public async Task Reference_TakesNoModel_AndIsNoMap(string module)
    {
        var (images, info, _) = await client.MakeAsync(WithUnit($$"""{"module": "{{module}}", "model": "None", "threshold_a": 0.8}"""));
        var (plain, _, _) = await client.MakeAsync(Body());
        Assert.NotEqual(Decoded(plain[0]).Rgb.ToArray(), Decoded(Assert.Single(images)).Rgb.ToArray());
        Assert.Contains($"Module: {module}, Model: None", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("Threshold A: 0.8, Guidance Start", info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(info["warnings"]!.AsArray());

        var (same, told, _) = await client.MakeAsync(WithUnit($$"""{"module": "{{module}}", "threshold_a": 0.8}"""));
        Assert.Equal(Decoded(images[0]).Rgb.ToArray(), Decoded(same[0]).Rgb.ToArray());
        Assert.Contains($"{module} takes no model", told["warnings"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"control_mode": 2}""", "ControlNet is more important")]
    [InlineData("""{"control_mode": "My prompt is more important"}""", "My prompt is more important")]
    [InlineData("""{"resize_mode": 0}""", "Just Resize")]
    [InlineData("""{"resize_mode": "Outer Fit (Shrink to Fit)"}""", "Resize and Fill")]
    [InlineData("""{"resize_mode": 7}""", "Just Resize")]
    [InlineData("""{"model": "controlnet_canny [00000000]"}""", "controlnet_canny")]
    [InlineData("""{"model": "Controlnet_Canny.safetensors"}""", "Model: controlnet_canny [")]
    [InlineData("""{"model": "canny"}""", "controlnet_canny")]
    [InlineData("""{"module": "none"}""", "Module: none")]
    [InlineData("""{"module": "CANNY", "threshold_a": 50, "threshold_b": "150"}""", "Threshold A: 50, Threshold B: 150")]
    [InlineData("""{"guidance": 0.5}""", "Guidance End: 0.5")]
    [InlineData("""{"pixel_perfect": true}""", "Pixel Perfect: True")]
    [InlineData("""{"advanced_weighting": [1, 1, 1, 1, 1, 1, 1, 1, 1]}""", "ControlNet 0")]
    public async Task Unit_InAnySpelling_IsTheUnit(string changes, string expected)
    {
        var body = WithUnit(changes);
        // Other spellings of the script's name are the same script.
        var scripts = body["alwayson_scripts"]!.AsObject();
        scripts["controlnet"] = scripts["ControlNet"]!.DeepClone();
        scripts.Remove("ControlNet");

        var (images, info, _) = await client.MakeAsync(body);

        Assert.Equal(2, images.Count);
        Assert.Contains(expected, info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"image": "@"}""")]
    [InlineData("""{"image": {"image": "@", "mask": null}}""")]
    [InlineData("""{"image": [{"image": "@"}]}""")]
    [InlineData("""{"image": "data:image/png;base64,@", "mask": "", "mask_image": null}""")]
    [InlineData("""{"image": null, "input_image": "@"}""")]
    public async Task UnitPicture_InAnyForm_IsThePicture(string changes)
    {
        var (expected, _, _) = await client.MakeAsync(WithUnit());

        var (images, _, _) = await client.MakeAsync(WithUnit(changes.Replace("@", Square(), StringComparison.Ordinal)));

        Assert.Equal(Decoded(expected[0]).Rgb, Decoded(images[0]).Rgb);
    }

    [Fact]
    public async Task MaskOfAUnit_ThatHasNoUseForIt_IsItsPicture_WithAWarning()
    {
        var (expected, _, _) = await client.MakeAsync(WithUnit());

        var body = WithUnit();
        var unit = body["alwayson_scripts"]!["ControlNet"]!["args"]![0]!.AsObject();
        (unit["image"], unit["mask"]) = (Square(128), Square());
        var (images, info, _) = await client.MakeAsync(body);

        Assert.Equal(Decoded(expected[0]).Rgb, Decoded(images[0]).Rgb);
        Assert.Contains("units[0].mask", info["warnings"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisabledUnit_AndUnitWithoutMap_ShowNoMap()
    {
        Assert.Single((await client.MakeAsync(WithUnit("""{"enabled": false, "module": "nonsense"}"""))).Images);
        Assert.Single((await client.MakeAsync(WithUnit("""{"save_detected_map": false}"""))).Images);
        var body = WithUnit();
        body["override_settings"] = new JsonObject { ["control_net_no_detectmap"] = true };
        Assert.Single((await client.MakeAsync(body)).Images);
    }

    [Fact]
    public async Task SecondPass_HasTheLargerMapFirst()
    {
        var body = With(WithUnit(), """{"enable_hr": true, "hr_scale": 2, "denoising_strength": 0.5}""");

        var (images, _, _) = await client.MakeAsync(body);

        Assert.Equal([128, 128, 64], images.Select(image => Decoded(image).Width));
        // As the extension does without being asked: canny acts softly in the second pass.
        using var png = new MemoryStream(Convert.FromBase64String(images[0]!.GetValue<string>()));
        var unit = JsonNode.Parse(PngTexts.Read(png)[Manifest.Key])!["units"]![0]!;
        Assert.Equal("soft", unit["hires"]!.GetValue<string>());
    }

    [Fact]
    public async Task SizeOfTheSecondPass_ByItsSidesOrOfOld()
    {
        var (byWidth, _, _) = await client.MakeAsync(Body("""{"enable_hr": true, "hr_resize_x": 96, "denoising_strength": 0}"""));
        var (ofOld, _, _) = await client.MakeAsync(
            Body("""{"enable_hr": true, "width": 96, "height": 96, "firstphase_width": 64, "firstphase_height": 64, "denoising_strength": 0}""")
        );

        Assert.Equal((96, 96), (Decoded(byWidth[0]).Width, Decoded(ofOld[0]).Width));
    }

    [Fact]
    public async Task UnknownFields_AreToldInInfo()
    {
        var body = WithUnit("""{"foo": true}""");
        (body["seed_enable_extras"], body["override_settings"]) = (false, new JsonObject { ["bar"] = 1 });

        var (_, info, _) = await client.MakeAsync(body);

        Assert.Equal(
            ["seed_enable_extras", "override_settings.bar", "units[0].foo"],
            info["warnings"]!.AsArray().Select(warning => warning!.GetValue<string>().Split(':')[0]).Take(3)
        );
    }

    [Fact]
    public async Task Lora_ForOtherSettings_IsToldInInfo()
    {
        var (_, told, _) = await client.MakeAsync(Body("""{"prompt": "a house <lora:pocket_4steps:1>"}"""));
        var (_, silent, _) = await client.MakeAsync(
            Body("""{"prompt": "a house <lora:pocket_4steps:1>", "sampler_name": "Euler", "scheduler": "trailing", "steps": 4, "cfg_scale": 1}""")
        );

        Assert.StartsWith("prompt: the LoRA pocket_4steps is for", Assert.Single(told["warnings"]!.AsArray())!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Empty(silent["warnings"]!.AsArray());
    }

    [Fact]
    public async Task Size_ThatIsNoMultipleOf8_IsRoundedDown_WithAWarning()
    {
        var (images, info, _) = await client.MakeAsync(Body("""{"width": 77, "height": 32}"""));

        Assert.Equal((72, 64), (Decoded(images[0]).Width, Decoded(images[0]).Height));
        Assert.Equal(2, info["warnings"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("""{"sampler_name": "DPM++ 2M Karras"}""", "Schedule type: Karras")]
    [InlineData("""{"sampler_name": "DPM++ 2M", "scheduler": "Automatic"}""", "Schedule type: Karras")]
    [InlineData("""{"sampler_name": "Euler", "scheduler": "sgm_uniform"}""", "Schedule type: SGM Uniform")]
    [InlineData("""{"sampler_name": "", "sampler_index": "DDIM", "scheduler": "karras"}""", "Schedule type: DDIM")]
    [InlineData("""{"sampler_name": "Euler a", "eta": 0}""", "Sampler: Euler,")]
    [InlineData("""{"sampler_name": "Euler a", "eta": 1.0}""", "Sampler: Euler a,")]
    [InlineData("""{"override_settings": {"CLIP_stop_at_last_layers": 2}}""", "Clip skip: 2")]
    [InlineData("""{"override_settings": {"token_merging_ratio": 0.4}}""", "Token merging ratio: 0.4")]
    [InlineData("""{"sampler_name": "TCD", "eta": 0.3}""", "Sampler: TCD, Schedule type: LCM")]
    [InlineData("""{"sampler_name": "TCD", "eta": 0.5}""", "Eta: 0.5")]
    [InlineData("""{"override_settings": {"sd_model_checkpoint": null, "jpeg_quality": null, "s_churn": null}}""", "Model: pocket")]
    [InlineData("""{"infotext": "x\nSteps: 2, Sampler: Heun, CFG scale: 3, Seed: 1"}""", "Steps: 1, Sampler: Heun, Schedule type: Uniform, CFG scale: 3, Seed: 7")]
    public async Task Sampling_AsClientsSayIt(string changes, string expected)
    {
        var (_, info, _) = await client.MakeAsync(Body(changes));

        Assert.Contains(expected, info["infotexts"]![0]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_IsOverriddenByAnySpelling_ForThisCallAlone()
    {
        var title = (await client.GetAsync("/sdapi/v1/sd-models"))[0]!["title"]!.GetValue<string>();
        foreach (var name in (string[])[title, "pocket", title.ToUpperInvariant()[..6].ToLowerInvariant()])
        {
            var body = Body();
            body["override_settings"] = new JsonObject { ["sd_model_checkpoint"] = name };
            Assert.Single((await client.MakeAsync(body)).Images);
        }
    }

    [Fact]
    public async Task SendImagesFalse_KeepsTheInfo()
    {
        var (images, info, _) = await client.MakeAsync(With(WithUnit(), """{"send_images": false}"""));

        Assert.Empty(images);
        Assert.Single(info["infotexts"]!.AsArray());
    }

    [Theory]
    [InlineData("jpg")]
    [InlineData("webp")]
    public async Task OtherFormats_AreDecoded_AndJpegKeepsItsText(string format)
    {
        var body = Body();
        body["override_settings"] = new JsonObject { ["samples_format"] = format };

        var (images, info, _) = await client.MakeAsync(body);

        var file = Convert.FromBase64String(images[0]!.GetValue<string>());
        Assert.Equal(64, PictureSource.FromBytes(file).Read().Width);
        Assert.Equal(
            format == "jpg" ? info["infotexts"]![0]!.GetValue<string>() : null,
            PictureTexts.Read(file).Parameters
        );
    }

    [Fact]
    public async Task Img2Img_OfOneTransparentPixel_Works()
    {
        var body = Body("""{"denoising_strength": 0.5, "include_init_images": false}""");
        const string onePixel =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        body["init_images"] = new JsonArray("data:image/png;base64," + onePixel);

        var (images, _, parameters) = await client.MakeAsync(body, "img2img");

        Assert.Single(images);
        Assert.Null(parameters["init_images"]);
    }

    [Fact]
    public async Task Img2Img_OfTwoPictures_MakesABatchOfThem()
    {
        var body = Body("""{"batch_size": 2, "denoising_strength": 0.1}""");
        body["init_images"] = new JsonArray(Square(), Square(32));

        var (images, info, _) = await client.MakeAsync(body, "img2img");

        Assert.Equal(2, images.Count);
        Assert.Equal([7, 8], info["all_seeds"]!.AsArray().Select(seed => seed!.GetValue<int>()));
    }

    [Fact]
    public async Task Mask_TurnedRound_KeepsTheOtherPart()
    {
        var body = Body("""{"denoising_strength": 1, "inpaint_full_res": false, "mask_blur": 0, "inpainting_fill": 1}""");
        (body["init_images"], body["mask"]) = (new JsonArray(Square()), Square());
        var before = Decoded(Square());

        // White is repainted: the corner goes, the black middle stays. Turned round it is the other way.
        var (plain, _, _) = await client.MakeAsync(body, "img2img");
        body["inpainting_mask_invert"] = true;
        var (turned, _, _) = await client.MakeAsync(body, "img2img");

        var middle = 3 * (32 * 64 + 32);
        Assert.Equal(before.Rgb[middle..(middle + 3)], Decoded(plain[0]).Rgb[middle..(middle + 3)]);
        Assert.Equal(before.Rgb[..3], Decoded(turned[0]).Rgb[..3]);
        Assert.NotEqual(Decoded(plain[0]).Rgb.ToArray(), Decoded(turned[0]).Rgb.ToArray());
    }

    [Fact]
    public async Task UnitOfImg2Img_WithoutPicture_TakesTheOneToStartFrom()
    {
        var body = With(WithUnit("""{"image": null}"""), """{"denoising_strength": 0.5}""");
        body["init_images"] = new JsonArray(Square());

        Assert.Equal(2, (await client.MakeAsync(body, "img2img")).Images.Count);
    }

    [Fact]
    public async Task SdUpscale_PutsTilesTogether()
    {
        var body = Body("""{"denoising_strength": 0.1, "script_name": "SD upscale", "script_args": ["", 16, "Lanczos", 1.5]}""");
        body["init_images"] = new JsonArray(Square());

        var (images, info, _) = await client.MakeAsync(body, "img2img");

        Assert.Equal((96, 96), (Decoded(Assert.Single(images)).Width, Decoded(images[0]).Height));
        Assert.Single(info["infotexts"]!.AsArray());
    }
}
