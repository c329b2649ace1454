using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints.Loras;

/// <summary>LoHa, LoKr, DoRA and full differences against the goldens, and in a model.</summary>
public sealed class LycorisTests : IDisposable
{
    private const double MergedTolerance = 2e-6;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Cases => Goldens.Cases("lycoris.safetensors", golden => Goldens.Names(Path.ChangeExtension(golden.Name, ".json"), "cases"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Change_ScaledAndAdded_IsTheOriginalsMergedWeight(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var golden = Goldens.Open(file);
        var facts = Goldens.Json(Path.ChangeExtension(file, ".json"));
        var prefix = $"{name}/{facts.GetProperty("cases").GetProperty(name).GetProperty("prefix").GetString()}.";
        var keys = golden.Entries.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal));
        SafetensorsWriter.Write(_folder["a.safetensors"], keys.Select(key => KeyValuePair.Create(key[(name.Length + 1)..], golden[key])));
        using var read = LoraFile.Open(_folder["a.safetensors"]);
        Assert.Equal(golden.Has($"{name}/bias") ? 2 : 1, read.Modules.Count);
        foreach (var change in read.Modules)
        {
            var bias = change.Name.EndsWith(LoraNames.Bias, StringComparison.Ordinal);
            var weight = golden[$"{name}/{(bias ? "bias" : "weight")}"];
            Assert.True(change.Fits(weight.shape));
            Assert.False(change.Fits([weight.shape[0] + 1, .. weight.shape[1..]]));
            var merged = bias ? "merged_bias" : "merged";
            golden.AssertClose($"{name}/{merged}", weight + facts.GetProperty("scale").GetDouble() * change.Change(weight), MergedTolerance);
            if (!bias && golden.Has($"{name}/merged_scale_1"))
            {
                golden.AssertClose($"{name}/merged_scale_1", weight + change.Change(weight), MergedTolerance);
            }
        }
    }

    [Theory]
    [InlineData("hada_w1_a", "has no hada_w1_b part")]
    [InlineData("lokr_w1", "has no lokr_w2_a part")]
    [InlineData("dora_scale", "has no down part")]
    [InlineData("hada_w1_a,hada_w1_b,hada_w2_a,hada_w2_b,lokr_w1", "has parts of several kinds")]
    [InlineData("lokr_w1,lokr_w1_a,lokr_w2", "has parts of several kinds")]
    [InlineData("diff,hada_w1_a,hada_w1_b,hada_w2_a,hada_w2_b", "has parts of several kinds")]
    public void Open_OfAModuleThatIsNotWhole_SaysSo(string parts, string expected)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder["a.safetensors"], parts.Split(',').ToDictionary(part => $"lora_unet_mid_block_attentions_0_proj_in.{part}", _ => ones(2, 2)));
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => LoraFile.Open(_folder["a.safetensors"]).Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_OfDifferencesOfAWeightANormAndBiases_ChangesThoseAndTakesThemBack()
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        var weights = model.UNet.named_parameters().ToDictionary(p => p.name, p => p.parameter.clone());
        const string norm = "input_blocks.1.0.in_layers.0", convolution = "input_blocks.1.0.in_layers.2";
        Tensor Of(string name) => weights[name];
        SafetensorsWriter.Write(_folder["a.safetensors"], new Dictionary<string, Tensor>
        {
            ["lora_unet_down_blocks_0_resnets_0_norm1.w_norm"] = ones_like(Of(norm + ".weight")),
            ["lora_unet_down_blocks_0_resnets_0_norm1.b_norm"] = ones_like(Of(norm + ".bias")) * 2,
            ["lora_unet_input_blocks_1_0_in_layers_2.diff"] = ones_like(Of(convolution + ".weight")) * 3,
            ["lora_unet_input_blocks_1_0_in_layers_2.diff_b"] = ones_like(Of(convolution + ".bias")) * 4,
        });
        using (AppliedLoras.Apply(model, [new(_folder["a.safetensors"], 1, 0.5)]))
        {
            foreach (var (name, parameter) in model.UNet.named_parameters())
            {
                var added = name switch { norm + ".weight" => 0.5, norm + ".bias" => 1, convolution + ".weight" => 1.5, convolution + ".bias" => 2, _ => 0 };
                Goldens.AssertClose(weights[name] + added, parameter, 1e-6, name);
            }
        }

        Assert.All(model.UNet.named_parameters(), p => Assert.True(p.parameter.equal(weights[p.name]).all().item<bool>()));
    }
}
