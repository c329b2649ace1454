using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Controls;

/// <summary>IP-Adapters against the goldens: tokens, and the UNet that attends to them.</summary>
public sealed class IpAdapterTests : IDisposable
{
    private const double TokenTolerance = 2e-5;
    private const double OutTolerance = 5e-5;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("ip_adapter_*_tiny.safetensors");

    public static TheoryData<string> Pickles => Goldens.Files("ip_adapter_*_base_file.bin");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Attentions_WithTheGoldensWeights_GiveTheUNetsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var metadata = MetadataOf(golden);
        using var unet = GoldenShapes.UNet(golden, "unet.", metadata);
        var weights = GoldenShapes.Ldm(golden, "controlnet.");
        using var control = GoldenNetworks.Fill(new ControlNet(NetworkShapes.ControlNet(GoldenShapes.ShapesOf(weights), metadata), Placement.Cpu32), weights, "");
        var vector = unet.Params.VectorChannels is null ? null : GoldenShapes.Vector(golden, unet.Params);
        var (x, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        Tensor Out(UNetAdditions additions) => unet.Controlled(x, t, context, additions, vector);
        var residuals = control.Forward(x, t, context, control.EncodeHint(golden["in.hint"]), vector);
        golden.AssertClose("out.text_only", Out(UNetAdditions.None), OutTolerance);
        golden.AssertClose("control.0", residuals[0], OutTolerance);
        golden.AssertClose("control.mid", residuals[^1], OutTolerance);
        golden.AssertClose("out.text_and_control", Out(new() { Residuals = residuals }), OutTolerance);
        var place = TextAttention.All(unet.Params)[0].Place;
        var attention = (CrossAttention)unet.named_modules().First(m => m.name == $"input_blocks.{place.Stage}.1.transformer_blocks.0.attn2").module;
        var norm = (nn.Module<Tensor, Tensor>)unet.named_modules().First(m => m.name == $"input_blocks.{place.Stage}.1.transformer_blocks.0.norm2").module;
        foreach (var form in new[] { "base", "plus" })
        {
            using var adapter = Loaded(golden, form);
            Assert.True(adapter.Fits(unet.Params));
            var isBase = form == "base";
            var tokens = adapter.Tokens(golden[isBase ? "in.image_embeds" : "in.penultimate"]);
            var nothing = adapter.Tokens(isBase ? zeros_like(golden["in.image_embeds"]) : golden["in.penultimate_zero_image"]);
            golden.AssertClose(form + "/tokens", tokens, TokenTolerance);
            golden.AssertClose(form + "/tokens_uncond", nothing, TokenTolerance);
            UNetAdditions Added(double scale) => new() { Blocks = [new PictureAttention(adapter.Keys(cat([nothing, tokens], 0), unet.Params, _ => scale))] };
            foreach (var scale in new[] { 0, 0.5, 1 })
            {
                var (name, additions) = (scale.ToString(CultureInfo.InvariantCulture), Added(scale));
                Tensor? seen = null;
                var hook = norm.register_forward_hook((_, _, output) => seen ??= output.clone().DetachFromDisposeScope());
                golden.AssertClose($"{form}/out.scale_{name}", Out(additions), OutTolerance);
                hook.remove();
                var side = (long)Math.Sqrt(seen!.shape[1]);
                golden.AssertClose($"{form}/inter.first_cross_attention.scale_{name}", attention.Forward(seen, context, new AttentionControls(additions.Blocks, place, side, side)), OutTolerance);
                seen.Dispose();
            }

            Assert.True(Out(Added(0)).equal(Out(UNetAdditions.None)).all().item<bool>());
            golden.AssertClose($"{form}/out.scale_0.7_with_control", Out(Added(0.7).Plus(new() { Residuals = residuals })), OutTolerance);
        }

        golden.AssertAllRead();
    }

    [Theory]
    [MemberData(nameof(Pickles))]
    public void LoadControl_OfAPickleOfTwoDictionaries_HasTheSameWeights(string file)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file.Replace("_base_file.bin", ".safetensors", StringComparison.Ordinal));
        using var adapter = (IpAdapter)CheckpointLoader.LoadControl(Goldens.Require(file), Placement.Cpu32);
        var expected = golden.Weights("base.").ToDictionary(weight => weight.Key["base.".Length..], weight => weight.Value.to(ScalarType.Float16).to(ScalarType.Float32));
        var actual = adapter.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, weight => Assert.True(weight.Value.equal(actual[weight.Key]).all().item<bool>(), weight.Key));
    }

    [Theory]
    [InlineData("keymap_ip_adapter_sd15.json", 16)]
    [InlineData("keymap_ip_adapter_sdxl.json", 11)]
    public void InFileOrder_NumbersTheAttentionsAsTheFilesDo(string map, int layers)
    {
        var model = layers == 16 ? UNetParams.Sd15 : UNetParams.Sdxl;
        var inputs = model.Levels.Sum(level => level.ResidualBlocks + 1);
        string NameOf(AttentionPlace place) =>
            (place.Stage < inputs ? $"input_blocks.{place.Stage}.1"
            : place.Stage == inputs ? "middle_block.1"
            : $"output_blocks.{place.Stage - inputs - 1}.1")
            + $".transformer_blocks.{place.Block}.attn2";
        var expected = Goldens.Manifest(map).GetProperty("map").EnumerateObject().ToDictionary(row => row.Name, row => row.Value[1].GetString()!);
        var attentions = TextAttention.InFileOrder(model);
        Assert.Equal(expected, attentions.Index().ToDictionary(a => IpAdapter.NameOf(a.Index), a => NameOf(a.Item.Place)));
        Assert.Equal(Enumerable.Range(0, layers), TextAttention.All(model).Select(attention => attention.Layer).Distinct());
    }

    [Theory]
    [InlineData("key_manifest_ip_adapter_sd15.json", "base", "SD 1.x", "ViT-H")]
    [InlineData("key_manifest_ip_adapter_plus_sd15.json", "plus", "SD 1.x", "ViT-H")]
    [InlineData("key_manifest_ip_adapter_sdxl_vit_h.json", "base", "SDXL", "ViT-H")]
    [InlineData("key_manifest_ip_adapter_plus_sdxl_vit_h.json", "plus", "SDXL", "ViT-H")]
    public void Open_UnderThePublishedNames_FitsTheFamily_AndNamesItsEncoder(string manifest, string form, string family, string encoder)
    {
        var path = NamedShapes.Write(_folder["a.safetensors"], NamedShapes.OfManifest(manifest));
        using var files = CheckpointFiles.OpenAsLdm(path);
        var opened = ControlFile.Open(files);
        Assert.Equal(("IP-Adapter", family, form), (opened.Name, opened.Family, opened.Facts[0].Value));
        Assert.Contains(encoder, opened.Facts.Single(fact => fact.Name == "needs").Value, StringComparison.Ordinal);
        Assert.Equal(("ip-adapter", family), CheckpointKind.Of(files.Shapes));
        Assert.Equal(family == "SD 1.x", opened.Fits(UNetParams.Sd15));
        Assert.Equal(family == "SDXL", opened.Fits(UNetParams.Sdxl));
        Assert.False(opened.Fits(UNetParams.Sd21));
    }

    [Fact]
    public void Open_OfFullFace_TakesTheEncodersTokens_AndBigGIsToldByItsEmbedding()
    {
        var keys = NamedShapes.OfManifest("key_manifest_ip_adapter_sd15.json").Where(key => key.Key.StartsWith("ip_adapter.", StringComparison.Ordinal)).ToDictionary();
        Dictionary<string, long[]> full = new(keys)
        {
            ["image_proj.proj.0.weight"] = [1280, 1280], ["image_proj.proj.0.bias"] = [1280], ["image_proj.proj.2.weight"] = [768, 1280], ["image_proj.proj.2.bias"] = [768],
            ["image_proj.proj.3.weight"] = [768], ["image_proj.proj.3.bias"] = [768],
        };
        Dictionary<string, long[]> bigG = new(keys)
        {
            ["image_proj.proj.weight"] = [3072, 1280], ["image_proj.proj.bias"] = [3072], ["image_proj.norm.weight"] = [768], ["image_proj.norm.bias"] = [768],
        };
        foreach (var (shapes, form, encoder) in new[] { (full, "full-face", "ViT-H"), (bigG, "base", "bigG") })
        {
            using var files = CheckpointFiles.OpenAsLdm(NamedShapes.Write(_folder["a.safetensors"], shapes));
            var facts = ControlFile.Open(files).Facts.ToDictionary(fact => fact.Name, fact => fact.Value);
            Assert.Equal(form, facts["form"]);
            Assert.Contains(encoder, facts["needs"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("image_proj.proj.0.weight", 1024, 512)]
    [InlineData("image_proj.perceiver_resampler.proj_in.weight", 768, 1280)]
    [InlineData("ip_adapter.0.to_q_lora.down.weight", 128, 320)]
    [InlineData("image_proj.proj_in.weight", 1280, 512)]
    public void Open_OfAnAdapterForFaces_SaysWhatIsMissing(string name, long rows, long columns)
    {
        var keys = NamedShapes.OfManifest("key_manifest_ip_adapter_sd15.json").Where(key => key.Key.StartsWith("ip_adapter.", StringComparison.Ordinal)).ToDictionary();
        keys[name] = [rows, columns];
        using var files = CheckpointFiles.OpenAsLdm(NamedShapes.Write(_folder["a.safetensors"], keys));
        var error = Assert.Throws<CheckpointException>(() => ControlFile.Open(files));
        Assert.Contains("FaceID", error.Message, StringComparison.Ordinal);
        Assert.Contains("InsightFace", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Attended_WithARegion_CountsOnlyThere()
    {
        using var scope = NewDisposeScope();
        var place = new AttentionPlace(1, 0, IsSelf: false);
        var picture = new PictureAttention(new Dictionary<AttentionPlace, PictureKeys> { [place] = new(rand(1, 3, 8), rand(1, 3, 8), 0.5) });
        var text = new AttentionTensors(rand(2, 16, 8), rand(2, 5, 8), rand(2, 5, 8), 2, 4, 4);
        var region = zeros(1, 1, 32, 32);
        region[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Slice(0, 16)] = 1;
        Tensor Attended(PictureAttention attention, AttentionPlace at) => attention.Attended(at, text, seen => seen.Attend());
        var (plain, everywhere, above) = (text.Attend(), Attended(picture, place), Attended(picture with { Region = region }, place));
        Assert.False(everywhere.equal(plain).any().item<bool>());
        Assert.True(above.narrow(1, 0, 8).equal(everywhere.narrow(1, 0, 8)).all().item<bool>());
        Assert.True(above.narrow(1, 8, 8).equal(plain.narrow(1, 8, 8)).all().item<bool>());
        Assert.True(Attended(picture, place with { IsSelf = true }).equal(plain).all().item<bool>());
    }

    private static CheckpointMetadata MetadataOf(GoldenFile golden)
    {
        var heads = golden.Config.GetProperty("attention_head_dim");
        return heads.ValueKind == System.Text.Json.JsonValueKind.Number
            ? new CheckpointMetadata { Heads = heads.GetInt32() }
            : new CheckpointMetadata { HeadWidth = golden.Config.GetProperty("block_out_channels")[0].GetInt32() / heads[0].GetInt32() };
    }

    /// <summary>Written to a file of its own and loaded from there.</summary>
    private IpAdapter Loaded(GoldenFile golden, string form)
    {
        var (prefix, path) = (form + ".", _folder[form + ".safetensors"]);
        var metadata = new CheckpointMetadata { HeadWidth = golden.Config.GetProperty("plus").GetProperty("dim_head").GetInt32() };
        SafetensorsWriter.Write(path, golden.Weights(prefix).ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value), metadata.Write());
        return (IpAdapter)CheckpointLoader.LoadControl(path, Placement.Cpu32);
    }
}
