using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Networks.Controls;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Control-LoRAs: the ControlNet that a model and such a file make together.</summary>
public sealed class ControlLoraTests : IDisposable
{
    private const double Tolerance = 5e-5;
    private const double WeightTolerance = 2e-6;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => [.. Goldens.Files("control_lora_*.safetensors").Select(row => row.Data).Where(file => !file.EndsWith("_file.safetensors", StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void LoadControl_WithTheGoldensModelAndFile_GivesItsWeightsAndOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var isXl = golden.Has("in.text_embeds");
        using var model = GoldenShapes.ControlLoraModel(golden);
        using var control = (ControlNet)CheckpointLoader.LoadControl(Goldens.Require(Path.GetFileNameWithoutExtension(file) + "_file.safetensors"), Placement.Cpu32, model);
        var weights = control.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        foreach (var key in golden.Entries.Keys.Where(key => key.StartsWith("effective.", StringComparison.Ordinal)))
        {
            golden.AssertClose(key, weights[key["effective.".Length..]], WeightTolerance);
        }

        var vector = isXl ? GoldenShapes.Vector(golden, model.UNet.Params) : null;
        var (x, t, context, hint) = isXl
            ? (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"], golden["in.controlnet_cond"])
            : (golden["in.x"], golden["in.timesteps"], golden["in.context"], golden["in.hint"]);
        var residuals = control.Forward(x, t, context, control.EncodeHint(hint), vector);
        foreach (var (index, residual) in residuals.Index())
        {
            golden.AssertClose($"control.{(isXl && index == residuals.Count - 1 ? "mid" : index)}", residual, Tolerance);
        }

        golden.AssertClose("out.no_control", model.UNet.Forward(x, t, context, null, vector), Tolerance);
        golden.AssertClose("out.control", model.UNet.Forward(x, t, context, residuals, vector), Tolerance);
        if (!isXl)
        {
            golden.AssertClose("out.control_0.6", model.UNet.Forward(x, t, context, [.. residuals.Select(residual => residual * 0.6)], vector), Tolerance);
        }

        golden.AssertAllRead();
    }

    [Theory]
    [InlineData("key_manifest_control_lora_sd15_rank128.json", "SD 1.x", "128")]
    [InlineData("key_manifest_control_lora_sdxl_rank128.json", "SDXL", "128")]
    public void Open_UnderThePublishedNames_KnowsFamilyAndRank(string manifest, string family, string rank)
    {
        var path = NamedShapes.Write(_folder["a.safetensors"], NamedShapes.OfManifest(manifest));
        using var files = CheckpointFiles.OpenAsLdm(path);
        var opened = ControlFile.Open(files);
        Assert.Equal((family, rank, true), (opened.Family, opened.Facts[0].Value, opened.NeedsModel));
        Assert.Equal((family == "SDXL", family != "SDXL"), (opened.Fits(UNetParams.Sdxl), opened.Fits(UNetParams.Sd15)));
        using var plain = CheckpointFiles.Open(path);
        Assert.Equal(("control-lora", family), CheckpointKind.Of(plain.Shapes));
    }

    [Theory]
    [InlineData("time_embed.2.up", "is unexpected or has no other half")]
    [InlineData("input_hint_block.0.weight", "this Control-LoRA has no 'input_hint_block.0.weight'")]
    [InlineData("zero_convs.0.0.bias", "'zero_convs.0.0.bias' is missing")]
    public void Open_WithoutAPart_NamesIt(string missing, string expected)
    {
        var shapes = NamedShapes.OfManifest("key_manifest_control_lora_sd15_rank128.json");
        Assert.True(shapes.Remove(missing));
        using var files = CheckpointFiles.OpenAsLdm(NamedShapes.Write(_folder["a.safetensors"], shapes));
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => ControlFile.Open(files)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithoutNormsAndBiases_TakesThoseOfTheModel()
    {
        var shapes = NamedShapes.OfManifest("key_manifest_control_lora_sd15_rank128.json");
        var own = new[] { "input_hint_block.", "zero_convs.", "middle_block_out." };
        var left = shapes.Where(shape => shape.Value.Length > 1 || shape.Key == "lora_controlnet" || own.Any(part => shape.Key.StartsWith(part, StringComparison.Ordinal))).ToDictionary();
        Assert.True(left.Count < shapes.Count - 100);
        using var files = CheckpointFiles.OpenAsLdm(NamedShapes.Write(_folder["a.safetensors"], left));
        Assert.True(ControlFile.Open(files).Fits(UNetParams.Sd15));
    }

    [Fact]
    public void Load_WithoutAModel_OrAsAPlainControlNet_SaysWhatItIs()
    {
        var path = NamedShapes.Write(_folder["a.safetensors"], NamedShapes.OfManifest("key_manifest_control_lora_sd15_rank128.json"));
        Assert.Contains("can only be loaded for a model", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControl(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
        Assert.Contains("this is a Control-LoRA; a ControlNet is needed", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }
}
