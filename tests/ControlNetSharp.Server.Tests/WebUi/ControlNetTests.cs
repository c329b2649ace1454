using System.Net;
using System.Text.Json.Nodes;
using Xunit;
using static ControlNetSharp.Server.Tests.WebUi.WebUiClient;

namespace ControlNetSharp.Server.Tests.WebUi;

public class ControlNetTests(WebUiClient client) : IClassFixture<WebUiClient>
{
    private const string Pose = """
        [{"people": [{"pose_keypoints_2d": [0.5,0.2,1, 0.5,0.4,1, 0.3,0.4,1, 0,0,0, 0,0,0, 0.7,0.4,1, 0,0,0, 0,0,0,
        0.4,0.7,1, 0,0,0, 0,0,0, 0.6,0.7,1, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0], "face_keypoints_2d": null,
        "hand_left_keypoints_2d": null, "hand_right_keypoints_2d": null}], "canvas_width": 96, "canvas_height": 64}]
        """;

    [Fact]
    public async Task Version_And_Settings()
    {
        Assert.Equal(3, (await client.GetAsync("/controlnet/version"))["version"]!.GetValue<int>());
        Assert.Equal(3, (await client.GetAsync("/controlnet/settings"))["control_net_unit_count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Models_HaveHashes_AndCanBeSentBack()
    {
        var models = (await client.GetAsync("/controlnet/model_list?update=false"))["model_list"]!.AsArray();
        Assert.Equal("None", models[0]!.GetValue<string>());
        var canny = models.Select(model => model!.GetValue<string>()).Single(name => name.Contains("canny", StringComparison.Ordinal));
        Assert.Matches(@"^controlnet_canny \[[0-9a-f]{8}\]$", canny);

        var body = WithUnit();
        body["alwayson_scripts"]!["ControlNet"]!["args"]![0]!["model"] = canny;

        Assert.Equal(2, (await client.MakeAsync(body)).Images.Count);
    }

    [Fact]
    public async Task Modules_HaveTheStockNamesAndOurs_WithTheirSliders()
    {
        var names = await client.GetAsync("/controlnet/module_list");
        var labels = await client.GetAsync("/controlnet/module_list?alias_names=true");

        var list = names["module_list"]!.AsArray().Select(name => name!.GetValue<string>()).ToList();
        Assert.Equal("none", list[0]);
        Assert.Subset(list.ToHashSet(), new HashSet<string> { "canny", "depth", "openpose_full", "inpaint_only+lama", "openpose_pocket" });
        Assert.Equal(list, names["module_detail"]!.AsObject().Select(detail => detail.Key));
        Assert.Contains("depth_midas", labels["module_list"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal(
            """{"model_free":false,"sliders":[{"name":"Resolution","value":512,"min":64,"max":2048,"step":8},{"name":"Low Threshold","value":100,"min":1,"max":255,"step":1},{"name":"High Threshold","value":200,"min":1,"max":255,"step":1}]}""",
            names["module_detail"]!["canny"]!.ToJsonString()
        );
        foreach (var module in new[] { "reference_only", "reference_adain", "reference_adain+attn" })
        {
            Assert.True(names["module_detail"]![module]!["model_free"]!.GetValue<bool>());
            Assert.Contains("Style Fidelity", names["module_detail"]![module]!["sliders"]!.AsArray()[^1]!["name"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    /// <summary>Stock names stand for annotators here, which say by name what file they lack.</summary>
    [Theory]
    [InlineData("openpose_full", "body_pose_model.pth")]
    [InlineData("openpose_face", "body_pose_model.pth")]
    [InlineData("openpose_faceonly", "body_pose_model.pth")]
    [InlineData("openpose_hand", "body_pose_model.pth")]
    [InlineData("dw_openpose_full", "yolox_l.onnx")]
    [InlineData("animal_openpose", "yolox_l.onnx")]
    [InlineData("normal_bae", "scannet.pt")]
    [InlineData("depth_anything_v2", "depth_anything_v2_vitl.pth")]
    public async Task Modules_WhoseFilesAreMissing_NameThem(string module, string file)
    {
        var list = (await client.GetAsync("/controlnet/module_list"))["module_list"]!.AsArray();
        Assert.Contains(module, list.Select(name => name!.GetValue<string>()));
        var body = new JsonObject { ["controlnet_module"] = module, ["controlnet_input_images"] = new JsonArray(Square()) };
        var (status, answer) = await client.PostAsync("/controlnet/detect", body);
        Assert.Equal(422, (int)status);
        Assert.Contains(file, answer!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Types_BeginWithWhatIsThere()
    {
        var types = (await client.GetAsync("/controlnet/control_types"))["control_types"]!.AsObject();

        Assert.Equal(21, types.Count);
        Assert.Equal("All", types.First().Key);
        Assert.StartsWith("controlnet_pose [", types["OpenPose"]!["default_model"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("openpose_pocket", types["OpenPose"]!["default_option"]!.GetValue<string>());
        Assert.Equal(("none", "None"), (types["All"]!["default_option"]!.GetValue<string>(), types["All"]!["default_model"]!.GetValue<string>()));
        Assert.Equal("None", types["Shuffle"]!["default_model"]!.GetValue<string>());
        Assert.Equal("ip-adapter-auto", types["IP-Adapter"]!["default_option"]!.GetValue<string>());
        Assert.Equal("reference_only", types["Reference"]!["default_option"]!.GetValue<string>());
        Assert.Equal(["none", "reference_only", "reference_adain+attn", "reference_adain"], types["Reference"]!["module_list"]!.AsArray().Select(name => name!.GetValue<string>()));
    }

    [Theory]
    [InlineData("""{"controlnet_module": "clip_vision"}""", "Module not supported")]
    [InlineData("""{"controlnet_module": "revision_ignore_prompt"}""", "Module not supported")]
    [InlineData("""{"controlnet_module": "mobile_sam"}""", "Module not supported")]
    [InlineData("""{"controlnet_module": "INVALID"}""", "Module not available")]
    [InlineData("""{"controlnet_module": "canny", "controlnet_input_images": []}""", "No image selected")]
    [InlineData("""{"controlnet_module": "inpaint"}""", "Preprocessor inpaint requires `controlnet_masks` param.")]
    public async Task Detect_ThatCannotBeDone_IsRefused(string changes, string expected)
    {
        var body = With(new JsonObject { ["controlnet_input_images"] = new JsonArray(Square()) }, changes);

        var (status, answer) = await client.PostAsync("/controlnet/detect", body);

        Assert.Equal(422, (int)status);
        Assert.StartsWith(expected, answer!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("canny", "controlnet_input_images", -1)]
    [InlineData("canny", "controlnet_images", -100)]
    [InlineData("none", "controlnet_input_images", 64)]
    public async Task Detect_MakesAHintOfEachPicture(string module, string field, int resolution)
    {
        var (status, answer) = await client.PostAsync(
            "/controlnet/detect",
            new JsonObject
            {
                ["controlnet_module"] = module,
                [field] = new JsonArray(Square(), Square(128)),
                ["controlnet_processor_res"] = resolution,
            }
        );

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Success", answer!["info"]!.GetValue<string>());
        Assert.Equal(2, answer["images"]!.AsArray().Count);
        Assert.False(answer.AsObject().ContainsKey("poses"));
        Assert.Equal(module == "canny" ? 512 : 64, Decoded(answer["images"]![0]).Width);
    }

    [Fact]
    public async Task Detect_OfPeople_HasTheirPoses()
    {
        var (status, answer) = await client.PostAsync(
            "/controlnet/detect",
            new JsonObject
            {
                ["controlnet_module"] = "openpose_pocket",
                ["controlnet_input_images"] = new JsonArray(Square()),
                ["controlnet_processor_res"] = 64,
            }
        );

        Assert.Equal(HttpStatusCode.OK, status);
        var pose = Assert.Single(answer!["poses"]!.AsArray())!;
        Assert.Equal(64, pose["canvas_width"]!.GetValue<int>());
        Assert.NotNull(pose["people"]);
        Assert.Empty(pose["animals"]!.AsArray());
    }

    [Fact]
    public async Task Detect_OfAMask_ShowsItAsTransparency()
    {
        var (status, answer) = await client.PostAsync(
            "/controlnet/detect",
            new JsonObject
            {
                ["controlnet_module"] = "inpaint_only",
                ["controlnet_input_images"] = new JsonArray(Square()),
                ["controlnet_masks"] = new JsonArray(Square()),
            }
        );

        Assert.Equal(HttpStatusCode.OK, status);
        var mask = Pictures.PictureSource.FromBytes(Convert.FromBase64String(answer!["images"]![0]!.GetValue<string>())).ReadMask();
        // White in the mask is half transparent, black is opaque.
        Assert.Equal((128, 255), (mask.Rgb[0], mask.Rgb[3 * (32 * 64 + 32)]));
    }

    [Fact]
    public async Task Poses_AreDrawn()
    {
        var (status, answer) = await client.PostAsync("/controlnet/render_openpose_json", JsonNode.Parse(Pose));

        Assert.Equal(HttpStatusCode.OK, status);
        var picture = Decoded(Assert.Single(answer!["images"]!.AsArray()));
        Assert.Equal((96, 64), (picture.Width, picture.Height));
        Assert.Contains(picture.Rgb.ToArray(), value => value > 200);
    }

    [Theory]
    [InlineData("[]", 200)]
    [InlineData("{}", 422)]
    [InlineData("""[{"people": []}]""", 422)]
    [InlineData("""[{"people": 5, "canvas_width": 64, "canvas_height": 64}]""", 422)]
    [InlineData("""[{"people": [], "canvas_width": 100000, "canvas_height": 64}]""", 422)]
    [InlineData("[1]", 422)]
    public async Task Poses_ThatAreNone(string body, int expected)
    {
        var (status, answer) = await client.PostAsync("/controlnet/render_openpose_json", JsonNode.Parse(body));

        Assert.Equal(expected, (int)status);
        Assert.Equal(expected == 200 ? "No pose data detected." : null, answer!["info"]?.GetValue<string>());
    }
}
