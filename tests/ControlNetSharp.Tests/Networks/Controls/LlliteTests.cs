using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Controls;

/// <summary>ControlNet-LLLite against the goldens: what its modules see and add, and the UNet that gets it.</summary>
public sealed class LlliteTests : IDisposable
{
    private const double EmbeddingTolerance = 2e-5;
    private const double OutTolerance = 5e-5;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => Goldens.Files("lllite_*.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Additions_WithTheGoldensWeights_GiveTheGoldensOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        using var lllite = Loaded(golden);
        Assert.True(lllite.Fits(unet.Params));
        var embedded = lllite.Embed(golden["in.image_0_1"]);
        var modules = lllite.Params.Modules.ToDictionary(module => module.Site.Name, module => module.Site);
        var (first, last) = (modules[golden.Metadata["first_module"]], modules[golden.Metadata["last_module"]]);
        golden.AssertClose("inter.first_module_cond_emb", embedded[first], EmbeddingTolerance);
        golden.AssertClose("inter.last_module_cond_emb", embedded[last], EmbeddingTolerance);

        var call = Call(golden, unet.Params);
        Tensor Out(UNetAdditions additions) => unet.Controlled(call.Input, call.Timesteps, call.Context, additions, call.Vector);
        AttachedLllite At(double weight) => new(lllite, embedded, unet.Params, new() { Weight = weight });
        var plain = Out(UNetAdditions.None);
        golden.AssertClose("out.plain", plain, OutTolerance);
        var none = Out(At(0).Additions(call));
        golden.AssertClose("out.multiplier_0", none, OutTolerance);
        Assert.True(plain.equal(none).all().item<bool>());
        golden.AssertClose("out.multiplier_0.5", Out(At(0.5).Additions(call)), OutTolerance);
        var probe = new Probe(unet.Params, first, last);
        golden.AssertClose("out.multiplier_1", Out(At(1).Additions(call).Plus(new() { Blocks = [probe] })), OutTolerance);
        golden.AssertClose("inter.first_module_input_with_addition", probe.Inputs[0], OutTolerance);
        golden.AssertClose("inter.last_module_input_with_addition", probe.Inputs[1], OutTolerance);
        golden.AssertAllRead();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Additions_InTheModeControl_LeaveTheUnconditionalSideAlone(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        using var lllite = Loaded(golden);
        var call = Call(golden, unet.Params) with { Unconditional = 1 };
        Tensor Out(UNetAdditions additions) => unet.Controlled(call.Input, call.Timesteps, call.Context, additions, call.Vector);
        var (plain, embedded) = (Out(UNetAdditions.None), lllite.Embed(golden["in.image_0_1"]));
        HintedControl control = new AttachedLllite(lllite, embedded, unet.Params, new() { Mode = ControlMode.Control });
        var one = Out(control.Additions(call));
        Assert.True(plain[0].allclose(one[0], atol: 1e-5));
        Assert.False(plain[1].allclose(one[1], atol: 1e-2));
        // Where nothing of the picture is meant nothing changes.
        var nowhere = Out((control with { Region = zeros(1, 1, 64, 64) }).Additions(call));
        Assert.True(plain.allclose(nowhere, atol: 1e-5));
    }

    [Fact]
    public void Embed_OfAHintThatDoesNotDivide_RepeatsItsLastRowsAndColumns_AsManyAsTheUNetHas()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = new LlliteModuleParams(new("lllite_unet_middle_block_1_transformer_blocks_0_attn1_to_q", LllitePart.Middle, 0, 0, true, 'q'), 16, 8, 4, Level: 2);
        using var module = FormulaWeights.Fill(new LlliteModule(p, Placement.Cpu32), "", 5);
        // 40 x 72 pixels are 5 x 9 latents, which a UNet halves to 3 x 5 and 2 x 3.
        var hint = rand(1, 3, 40, 72);
        var whole = cat([hint, hint.narrow(2, 39, 1).expand(-1, -1, 24, -1)], 2);
        whole = cat([whole, whole.narrow(3, 71, 1).expand(-1, -1, -1, 24)], 3);
        var embedded = module.Embed(hint);
        Assert.Equal([1, 2 * 3, 8], embedded.shape);
        Assert.True(embedded.equal(module.Embed(whole)).all().item<bool>());
    }

    [Fact]
    public void Open_UnderThePublishedNames_IsForSdxlAlone()
    {
        var path = NamedShapes.Write(_folder["a.safetensors"], NamedShapes.OfManifest("key_manifest_lllite_sdxl_v01032064e.json"));
        using var files = CheckpointFiles.OpenAsLdm(path);
        var opened = ControlFile.Open(files);
        Assert.Equal(("ControlNet-LLLite", "SDXL"), (opened.Name, opened.Family));
        Assert.Equal([("form", "136 modules in 5 stages"), ("rank", "64")], opened.Facts.Take(2));
        Assert.True(opened.Fits(UNetParams.Sdxl));
        Assert.False(opened.Fits(UNetParams.Sd15));
        using var plain = CheckpointFiles.Open(path);
        Assert.Equal(("controlnet-lllite", "SDXL"), CheckpointKind.Of(plain.Shapes));
    }

    [Theory]
    [InlineData("lllite_dit_blocks_0_self_attn_q_proj", "these are others: lllite_dit_blocks_0_self_attn_q_proj")]
    [InlineData("lllite_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", "these are others: lllite_unet_input_blocks_4_1")]
    public void Open_WithModulesBesideSomethingElse_IsRefused_NamingThem(string module, string message)
    {
        var path = NamedShapes.Write(_folder["b.safetensors"], new Dictionary<string, long[]> { [module + ".down.0.weight"] = [4, 16] });
        using var files = CheckpointFiles.OpenAsLdm(path);
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => ControlFile.Open(files)).Message, StringComparison.Ordinal);
    }

    private static UNet UNet(GoldenFile golden)
    {
        var config = golden.Config;
        var width = config.GetProperty("block_out_channels")[0].GetInt32() / config.GetProperty("attention_head_dim")[0].GetInt32();
        return GoldenShapes.UNet(golden, "unet.", new CheckpointMetadata { HeadWidth = width });
    }

    private static UNetCall Call(GoldenFile golden, UNetParams p)
    {
        var input = golden["in.sample"];
        return new(input, golden["in.timestep"].expand(input.shape[0]), golden["in.encoder_hidden_states"], GoldenShapes.Vector(golden, p), 0, NoiseLevel.Clean, 0);
    }

    /// <summary>Written to a file as published ones are named, and loaded from there.</summary>
    private Lllite Loaded(GoldenFile golden)
    {
        var path = _folder["lllite.safetensors"];
        SafetensorsWriter.Write(path, golden.Weights("lllite_"), new Dictionary<string, string>());
        return (Lllite)CheckpointLoader.LoadControl(path, Placement.Cpu32);
    }

    /// <summary>What reaches the queries of two layers.</summary>
    private sealed class Probe(UNetParams model, params LlliteSite[] sites) : IBlockControl
    {
        public Tensor[] Inputs { get; } = new Tensor[sites.Length];

        public AttentionInputs Into(AttentionPlace place, AttentionInputs inputs)
        {
            var index = Array.FindIndex(sites, site => place == new AttentionPlace(LlliteParams.StageIn(model, site.Part, site.Number)!.Value, site.Block, site.IsSelf));
            if (index >= 0)
            {
                Inputs[index] = inputs.Query.clone().DetachFromDisposeScope();
            }

            return inputs;
        }
    }
}
