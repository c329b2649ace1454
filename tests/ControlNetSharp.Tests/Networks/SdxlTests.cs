using System.Text.Json;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

/// <summary>UNet and ControlNet of SDXL against the goldens, whose weights have diffusers' names.</summary>
public class SdxlTests
{
    private const double Tolerance = 5e-5;

    public static TheoryData<string> Files => Goldens.Files("sdxl_*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithTheGoldensWeights_GivesItsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var p = Params(golden.Config);
        using var unet = Filled(new UNet(p.UNet, Placement.Cpu32), golden, "unet.");
        using var control = Filled(new ControlNet(p, Placement.Cpu32), golden, "controlnet.");
        var (x, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        var vector = Vector(golden, p.UNet);

        golden.AssertClose("out.no_control", unet.Forward(x, t, context, null, vector), Tolerance);
        var encoded = control.EncodeHint(golden["in.controlnet_cond"]);
        golden.AssertClose("inter.controlnet.cond_embedding", encoded, Tolerance);
        var residuals = control.Forward(x, t, context, encoded, vector);
        string Name(int index) => index == residuals.Count - 1 ? "mid" : $"{index}";
        foreach (var (index, residual) in residuals.Index())
        {
            golden.AssertClose($"control.{Name(index)}", residual, Tolerance);
        }

        Assert.False(golden.Has($"control.{residuals.Count - 1}"));
        golden.AssertClose("out.control", unet.Forward(x, t, context, residuals, vector), Tolerance);
        var scale = golden.Config.GetProperty("scale").GetDouble();
        var scaled = residuals.Select(residual => residual * scale).ToList();
        golden.AssertClose("control_scaled.0", scaled[0], Tolerance);
        golden.AssertClose("control_scaled.mid", scaled[^1], Tolerance);
        golden.AssertClose("out.control_scaled", unet.Forward(x, t, context, scaled, vector), Tolerance);
        var guess = golden["guess.scales"];
        golden.AssertClose("out.control_guess", unet.Forward(x, t, context, [.. residuals.Select((residual, index) => residual * guess[index])], vector), Tolerance);

        AssertInnerValues(golden, unet, p.UNet, vector);
        golden.AssertAllRead();
    }

    /// <summary>Walks through the UNet's own stages. A block of diffusers is a level of LDM with its resampling.</summary>
    private static void AssertInnerValues(GoldenFile golden, UNet unet, UNetParams p, Tensor vector)
    {
        var modules = unet.named_modules().ToDictionary(m => m.name, m => m.module);
        var (h, t, context) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"]);
        golden.AssertClose("inter.time_proj", TimeEmbedding.Sinusoids(t, p.ModelChannels), Tolerance);
        var time = ((TimeEmbedding)modules["time_embed"]).Forward(t, ScalarType.Float32);
        golden.AssertClose("inter.time_embedding", time, Tolerance);
        golden.AssertClose("inter.add_time_proj", vector.narrow(1, golden["in.text_embeds"].shape[1], vector.shape[1] - golden["in.text_embeds"].shape[1]).reshape(golden["inter.add_time_proj"].shape), Tolerance);
        var label = (VectorEmbedding)modules["label_emb"];
        golden.AssertClose("inter.add_embedding", VectorEmbedding.Added(label, zeros_like(time), vector), Tolerance);
        time = VectorEmbedding.Added(label, time, vector);

        var perLevel = p.Levels[0].ResidualBlocks + 1;
        var skips = new Stack<Tensor>();
        for (var i = 0; modules.TryGetValue($"input_blocks.{i}", out var block); i++)
        {
            h = ((Stage)block).Forward(h, time, context);
            skips.Push(h);
            var isLast = !modules.ContainsKey($"input_blocks.{i + 1}");
            if (i == 0)
            {
                golden.AssertClose("inter.unet.conv_in", h, Tolerance);
            }
            else if (i % perLevel == 0 || isLast)
            {
                golden.AssertClose($"inter.unet.down_blocks.{(i - 1) / perLevel}", h, Tolerance);
            }
        }

        h = ((Stage)modules["middle_block"]).Forward(h, time, context);
        golden.AssertClose("inter.unet.mid_block", h, Tolerance);
        for (var i = 0; modules.TryGetValue($"output_blocks.{i}", out var block); i++)
        {
            h = ((Stage)block).Forward(cat([h, skips.Pop()], 1), time, context);
            if ((i + 1) % perLevel == 0)
            {
                golden.AssertClose($"inter.unet.up_blocks.{i / perLevel}", h, Tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithZeroConvolutions_IsTheUNetBitForBit(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var p = Params(golden.Config);
        using var unet = Filled(new UNet(p.UNet, Placement.Cpu32), golden, "unet.");
        using var control = Filled(new ControlNet(p, Placement.Cpu32), golden, "controlnet.");
        foreach (var (name, parameter) in control.named_parameters().Where(parameter => parameter.name.StartsWith("zero_convs.", StringComparison.Ordinal) || parameter.name.StartsWith("middle_block_out.", StringComparison.Ordinal)))
        {
            parameter.zero_();
        }

        var (x, t, context, vector) = (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"], Vector(golden, p.UNet));
        var residuals = control.Forward(x, t, context, control.EncodeHint(golden["in.controlnet_cond"]), vector);
        Assert.All(residuals, r => Assert.Equal(0, r.abs().max().item<float>()));
        Assert.True(unet.Forward(x, t, context, null, vector).equal(unet.Forward(x, t, context, residuals, vector)).all().item<bool>());
    }

    [Fact]
    public void Forward_WithoutTheVectorThatIsNeeded_OrWithOneThatIsNot_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var xl = TinyModel.UNet(TinyModel.Sdxl);
        using var control = TinyModel.ControlNet(TinyModel.Sdxl);
        using var classic = TinyModel.UNet();
        var (x, t, width) = (zeros(1, 4, 8, 8), zeros(1), TinyModel.Sdxl.VectorChannels!.Value);
        Tensor Context(UNetParams p) => zeros(1, 77, p.ContextChannels);
        Assert.Contains($"needs a vector of {width} numbers beside the text (SDXL: pooled text and sizes); none was given", Assert.Throws<ArgumentException>(() => xl.Forward(x, t, Context(TinyModel.Sdxl))).Message, StringComparison.Ordinal);
        Assert.Contains("one of 5 was given", Assert.Throws<ArgumentException>(() => xl.Forward(x, t, Context(TinyModel.Sdxl), null, zeros(1, 5))).Message, StringComparison.Ordinal);
        Assert.Contains("none was given", Assert.Throws<ArgumentException>(() => control.Forward(x, t, Context(TinyModel.Sdxl), zeros(1, 32, 8, 8))).Message, StringComparison.Ordinal);
        Assert.Contains("takes no vector", Assert.Throws<ArgumentException>(() => classic.Forward(x, t, Context(TinyModel.UNetParams), null, zeros(1, width))).Message, StringComparison.Ordinal);
        Assert.Contains("takes 4 channels; 9 were given", Assert.Throws<ArgumentException>(() => classic.Forward(zeros(1, 9, 8, 8), t, Context(TinyModel.UNetParams))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vector_IsThePooledTextAndThenHeightBeforeWidthOfOriginalCropAndTarget()
    {
        using var scope = NewDisposeScope();
        var pooled = arange(3, dtype: ScalarType.Float32).unsqueeze(0);
        var vector = new SizeConditioning(11, 12, 13, 14, 15, 16).Vector(pooled, 3 + 6 * 4);
        Assert.Equal([1L, 27L], vector.shape);
        Assert.True(vector.narrow(1, 0, 3).equal(pooled).all().item<bool>());
        for (var i = 0; i < SizeConditioning.Count; i++)
        {
            Goldens.AssertClose(TimeEmbedding.Sinusoids(tensor([11.0 + i]), 4), vector.narrow(1, 3 + 4 * i, 4), 0, $"number {i}");
        }

        Assert.Equal(new SizeConditioning(48, 64, 0, 0, 48, 64), SizeConditioning.Of(64, 48));
        Assert.Contains("27", Assert.Throws<ArgumentException>(() => SizeConditioning.Of(64, 48).Vector(zeros(1, 4), 27)).Message, StringComparison.Ordinal);
    }

    /// <summary>The vector of each row of the golden's sizes.</summary>
    private static Tensor Vector(GoldenFile golden, UNetParams p)
    {
        var (pooled, ids) = (golden["in.text_embeds"], golden["in.time_ids"]);
        return cat([.. Enumerable.Range(0, (int)pooled.shape[0]).Select(row =>
        {
            var n = ids[row].data<float>().ToArray();
            return new SizeConditioning(n[0], n[1], n[2], n[3], n[4], n[5]).Vector(pooled.narrow(0, row, 1), p.VectorChannels!.Value);
        })], 0);
    }

    private static T Filled<T>(T network, GoldenFile golden, string prefix)
        where T : nn.Module
    {
        var weights = golden.Weights(prefix).ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value);
        var map = UNetKeys.OfDiffusers([.. weights.Keys]);
        return GoldenNetworks.Fill(network, weights.ToDictionary(weight => map.ToLdm(weight.Key)!, weight => weight.Value), "");
    }

    private static ControlNetParams Params(JsonElement config)
    {
        int[] Numbers(string name) => [.. config.GetProperty(name).EnumerateArray().Select(number => number.GetInt32())];
        var (channels, depths, heads) = (Numbers("block_out_channels"), Numbers("transformer_layers_per_block"), Numbers("attention_head_dim"));
        var attends = config.GetProperty("down_block_types").EnumerateArray().Select(type => type.GetString()!.Contains("CrossAttn", StringComparison.Ordinal)).ToArray();
        var hint = Numbers("conditioning_embedding_out_channels");
        return new ControlNetParams
        {
            UNet = new UNetParams
            {
                InChannels = config.GetProperty("in_channels").GetInt32(),
                OutChannels = config.GetProperty("out_channels").GetInt32(),
                ModelChannels = channels[0],
                Levels = [.. channels.Select((c, level) => new UNetLevel(c, config.GetProperty("layers_per_block").GetInt32(), attends[level] ? depths[level] : 0))],
                MiddleDepth = depths[^1],
                ContextChannels = config.GetProperty("cross_attention_dim").GetInt32(),
                Heads = HeadRule.OfWidth(channels.Zip(heads, (c, h) => c / h).Distinct().Single()),
                LinearProjections = config.GetProperty("use_linear_projection").GetBoolean(),
                NormGroups = config.GetProperty("norm_num_groups").GetInt32(),
                VectorChannels = config.GetProperty("projection_class_embeddings_input_dim").GetInt32(),
            },
            HintChannels = config.GetProperty("conditioning_channels").GetInt32(),
            HintEncoderChannels = [.. hint.SkipLast(1).SelectMany(c => new[] { c, c }), hint[^1]],
        };
    }
}
