using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Networks.Controls;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

/// <summary>StyleAligned against the goldens.</summary>
public sealed class AlignedStyleTests
{
    private const double Tolerance = 5e-5;

    public static TheoryData<string, string> Cases =>
        Goldens.Cases("style_aligned_*.safetensors", golden => JsonDocument.Parse(golden.Metadata["cases"]).RootElement.EnumerateObject().Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Additions_GiveTheGoldensOutput(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var unet = UNet(golden);
        var style = new AlignedStyle(StyleOf(golden, name), int.Parse(golden.Metadata["images"], System.Globalization.CultureInfo.InvariantCulture), unet.Params);
        Tensor Out(UNetAdditions additions) =>
            unet.Controlled(golden["in.sample"], golden["in.timestep"].expand(golden["in.sample"].shape[0]), golden["in.encoder_hidden_states"], additions);
        var first = default(Tensor);
        var module = (TorchSharp.torch.nn.Module<Tensor, Tensor>)unet.named_modules().Single(module => module.name == "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0").module;
        var hook = module.register_forward_hook((_, _, y) =>
        {
            first ??= y.clone().DetachFromDisposeScope();
            return y;
        });
        golden.AssertClose($"out.{name}", Out(new() { Blocks = [style] }), Tolerance);
        hook.remove();
        if (golden.Has($"inter.first_self_attention_32tokens.{name}"))
        {
            golden.AssertClose($"inter.first_self_attention_32tokens.{name}", first!.narrow(1, 0, 32), Tolerance);
        }

        golden.AssertClose("out.plain", Out(UNetAdditions.None), Tolerance);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 8)]
    [InlineData(0.25, 4)]
    [InlineData(1, 16)]
    [InlineData(0.75, 12)]
    public void PlainLayers_AreEveryNth_OrAllButThem(double share, int count) => Assert.Equal(count, AlignedStyle.PlainLayers(UNetParams.Sd15, share).Count);

    private static UNet UNet(GoldenFile golden) =>
        GoldenShapes.UNet(golden, "unet.", new CheckpointMetadata { Heads = golden.Config.GetProperty("heads").GetInt32() });

    private static StyleAlignment StyleOf(GoldenFile golden, string name)
    {
        var settings = JsonDocument.Parse(golden.Metadata["cases"]).RootElement.GetProperty(name);
        bool Is(string member) => settings.TryGetProperty(member, out var value) && value.GetBoolean();
        double Number(string member, double usual) => settings.TryGetProperty(member, out var value) ? value.GetDouble() : usual;
        return new StyleAlignment
        {
            All = Is("full_attention_share"),
            Values = Is("adain_values"),
            Norms = Is("share_group_norm"),
            Scale = Number("shared_score_scale", 1),
            Shift = Number("shared_score_shift", 0),
            Plain = Number("only_self_level", 0),
            Adapts = Is("adain_queries"),
        };
    }
}
