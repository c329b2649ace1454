using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.DepthAnything;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Models;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators.DepthAnything;

/// <summary>Depth Anything against the numbers of transformers (depth_anything_*).</summary>
public class DepthAnythingTests
{
    private const string Manifest = "key_manifest_depth_anything_v2_small_hf.json";
    private const string ExtrasFile = "control_extras.json";

    public static TheoryData<string> Files => Goldens.Files("depth_anything_*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Network_WithTheGoldensWeights_GivesItsDepth_InsideToo(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var (network, p) = Network(golden);
        var input = golden.Required("in.pixel_values");
        var (height, width) = (input.shape[2] / p.Patch, input.shape[3] / p.Patch);
        var embedded = network.Backbone.Embed(input);
        golden.AssertClose("inter.embeddings", embedded, 2e-5);
        var features = network.Backbone.Features(embedded);
        AssertEach(golden, "inter.backbone.", features);
        var levels = network.Reassemble(features, height, width);
        AssertEach(golden, "inter.reassemble.", levels);
        var maps = network.Fuse(levels);
        AssertEach(golden, "inter.fusion.", maps);
        golden.AssertClose("inter.before_last_relu", network.Head(maps[^1], height, width), 2e-5);
        golden.AssertClose("depth", network.Run(input), 5e-5);
        if (golden.Expects("in.pixel_values_grid"))
        {
            golden.AssertClose("depth_grid", network.Run(golden["in.pixel_values_grid"]), 5e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Input_OfTheGoldensPicture_IsThatOfTransformers(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var picture = GoldenPictures.Of(golden.Required("pre.image"));
        var side = int.Parse(golden.Metadata["pre_size"], CultureInfo.InvariantCulture);
        var (width, height) = DepthAnythingAnnotator.SizeFor(picture.Width, picture.Height, side, golden.Config.GetProperty("patch_size").GetInt32(), atLeast: false);
        Goldens.AssertClose(golden["pre.pixel_values"], DepthAnythingAnnotator.Input(picture, width, height), 0.02, "pre.pixel_values");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Sizes_ByTheRuleOfTransformers_AreItsOwn(string file)
    {
        Goldens.Require(file);
        using var golden = Goldens.Open(file);
        AssertSizes(JsonDocument.Parse(golden.Metadata["resized_height_width_for_518"]).RootElement, atLeast: false);
    }

    [Fact]
    public void Sizes_ByTheOriginalsRule_AreItsOwn()
    {
        foreach (var rule in Goldens.Part(ExtrasFile, "resize_518_multiple14_height_width").EnumerateObject().Where(rule => rule.Name.Contains("lower_bound", StringComparison.Ordinal)))
        {
            AssertSizes(rule.Value, atLeast: true);
        }
    }

    [Fact]
    public void Network_InferredFromTheManifest_HasExactlyItsNamesAndShapes()
    {
        var shapes = FormulaNetworks.Shapes(Manifest);
        var p = DepthAnythingParams.Infer(shapes);
        using var network = new DepthAnythingNetwork(p, Placement.Meta);
        FormulaNetworks.AssertNames(shapes, network);
        if (!Goldens.IsOverride)
        {
            Assert.Equal([3, 6, 9, 12], p.Taps);
            Assert.Equal((6, 37, 14), (p.Heads, p.Grid, p.Patch));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void TheProjectsOwnNames_AreTheSameNetwork(string file)
    {
        Goldens.Require(file);
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var (expected, p) = Network(golden);
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder["depth_anything_v2_vits.safetensors"], OwnNames(golden.Weights()), new Dictionary<string, string>());
        using var network = CheckpointLoader.LoadNetwork(
            folder["depth_anything_v2_vits.safetensors"], "a Depth Anything V2 network",
            (shapes, placement) => new DepthAnythingNetwork(DepthAnythingParams.Infer(shapes, p.Heads) with { Taps = p.Taps }, placement),
            rename: DepthAnythingKeys.ToTransformers);
        var loaded = network.named_parameters().ToDictionary(parameter => parameter.name, parameter => (Tensor)parameter.parameter);
        Assert.All(expected.named_parameters(), parameter => Assert.Equal(0, (parameter.parameter - loaded[parameter.name]).abs().max().item<float>()));
    }

    /// <summary>Names as the project's files have them (DepthAnything/Depth-Anything-V2, dpt.py, dinov2.py, util/blocks.py).</summary>
    private static Dictionary<string, Tensor> OwnNames(Dictionary<string, Tensor> weights)
    {
        var own = new Dictionary<string, Tensor>();
        foreach (var (name, tensor) in weights)
        {
            string[] parts = name.Split('.');
            var last = parts[^1];
            switch (parts)
            {
                case ["backbone", "embeddings", "position_embeddings"]: own["pretrained.pos_embed"] = tensor; break;
                case ["backbone", "embeddings", var token] when token.EndsWith("_token", StringComparison.Ordinal): own["pretrained." + token] = tensor; break;
                case ["backbone", "embeddings", "patch_embeddings", ..]: own["pretrained.patch_embed.proj." + last] = tensor; break;
                case ["backbone", "layernorm", _]: own["pretrained.norm." + last] = tensor; break;
                case ["backbone", "encoder", "layer", var block, "attention", "attention", "query", _]:
                    string Part(string projection) => $"backbone.encoder.layer.{block}.attention.attention.{projection}.{last}";
                    own[$"pretrained.blocks.{block}.attn.qkv.{last}"] = cat([tensor, weights[Part("key")], weights[Part("value")]]);
                    break;
                case ["backbone", "encoder", "layer", _, "attention", "attention", ..]: break;
                case ["backbone", "encoder", "layer", var block, "attention", "output", "dense", _]: own[$"pretrained.blocks.{block}.attn.proj.{last}"] = tensor; break;
                case ["backbone", "encoder", "layer", var block, "layer_scale1" or "layer_scale2", _]: own[$"pretrained.blocks.{block}.ls{parts[4][^1]}.gamma"] = tensor; break;
                case ["backbone", "encoder", "layer", ..]: own["pretrained.blocks." + string.Join('.', parts[3..])] = tensor; break;
                case ["neck", "reassemble_stage", "layers", var level, "projection", _]: own[$"depth_head.projects.{level}.{last}"] = tensor; break;
                case ["neck", "reassemble_stage", "layers", var level, "resize", _]: own[$"depth_head.resize_layers.{level}.{last}"] = tensor; break;
                case ["neck", "convs", var level, _]: own[$"depth_head.scratch.layer{int.Parse(level, CultureInfo.InvariantCulture) + 1}_rn.{last}"] = tensor; break;
                case ["neck", "fusion_stage", "layers", var fusion, .. var rest]:
                    var inside = string.Join('.', rest).Replace("projection", "out_conv", StringComparison.Ordinal)
                        .Replace("residual_layer", "resConfUnit", StringComparison.Ordinal).Replace("convolution", "conv", StringComparison.Ordinal);
                    own[$"depth_head.scratch.refinenet{4 - int.Parse(fusion, CultureInfo.InvariantCulture)}.{inside}"] = tensor;
                    break;
                case ["head", "conv1", _]: own["depth_head.scratch.output_conv1." + last] = tensor; break;
                case ["head", "conv2", _]: own["depth_head.scratch.output_conv2.0." + last] = tensor; break;
                case ["head", "conv3", _]: own["depth_head.scratch.output_conv2.2." + last] = tensor; break;
                default: throw new InvalidOperationException($"{name} is unknown.");
            }
        }

        return own;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Annotate_OfAnyShape_GivesAHintOfItsSize_AndKeepsNoTensors(string file)
    {
        Goldens.Require(file);
        Goldens.RequireDefaultFolder();
        using var golden = Goldens.Open(file);
        using var annotator = new DepthAnythingAnnotator(NetworkLease<DepthAnythingNetwork>.Owned(Network(golden).Network));
        annotator.Hint(TestPictures.Noise(4, 4)).Bytes().ToString();
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        foreach (var (width, height) in new[] { (1, 1), (90, 2), (33, 57) })
        {
            var hint = annotator.Hint(TestPictures.Noise(width, height));
            Assert.Equal((width, height), (hint.Width, hint.Height));
        }

        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Annotate_OfAStripWithBothSidesLarge_IsRefused(string file)
    {
        Goldens.Require(file);
        using var golden = Goldens.Open(file);
        using var annotator = new DepthAnythingAnnotator(NetworkLease<DepthAnythingNetwork>.Owned(Network(golden).Network));
        var options = new AnnotatorOptions(annotator.Info, new Dictionary<string, double> { ["at_least"] = 1 });
        Assert.Contains("1 x 100 is too elongated", Assert.Throws<ArgumentException>(() => annotator.Hint(TestPictures.Noise(1, 100), options)).Message, StringComparison.Ordinal);
    }

    private static void AssertSizes(JsonElement sizes, bool atLeast)
    {
        foreach (var size in sizes.EnumerateObject())
        {
            var sides = size.Name.Split('x').Select(side => int.Parse(side, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal((size.Value[1].GetInt32(), size.Value[0].GetInt32()), DepthAnythingAnnotator.SizeFor(sides[1], sides[0], 518, 14, atLeast));
        }
    }

    private static void AssertEach(GoldenFile golden, string prefix, Tensor[] actual)
    {
        foreach (var (i, tensor) in actual.Index())
        {
            golden.AssertClose(prefix + i, tensor, 2e-5);
        }
    }

    private static (DepthAnythingNetwork Network, DepthAnythingParams Params) Network(GoldenFile golden)
    {
        using var scope = NewDisposeScope();
        var weights = golden.Weights();
        var shapes = weights.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<long>)pair.Value.shape);
        var backbone = golden.Config.GetProperty("backbone");
        var p = DepthAnythingParams.Infer(shapes, backbone.GetProperty("num_attention_heads").GetInt32()) with
        {
            Taps = [.. backbone.GetProperty("out_indices").EnumerateArray().Select(index => index.GetInt32())],
        };
        return (GoldenNetworks.Fill(new DepthAnythingNetwork(p, Placement.Cpu32), weights, ""), p);
    }
}
