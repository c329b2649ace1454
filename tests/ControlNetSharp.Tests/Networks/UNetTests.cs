using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks;

public class UNetTests
{
    private const double Tolerance = 2e-5;

    public static TheoryData<string> Files => Goldens.Files("unet_*.safetensors");

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithTheGoldensWeights_GivesItsOutputs(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var p = GoldenNetworks.UNetParams(golden.Config);
        var weights = golden.Weights();
        using var unet = GoldenNetworks.UNet(p, weights);
        using var control = GoldenNetworks.ControlNet(GoldenNetworks.ControlNetParams(golden.Config), weights);
        var (x, t, context) = (golden["in.x"], golden["in.timesteps"], golden["in.context"]);

        golden.AssertClose("inter.t_emb", TimeEmbedding.Sinusoids(t, p.ModelChannels), Tolerance);
        golden.AssertClose("out.no_control", unet.Forward(x, t, context), Tolerance);

        var encoded = control.EncodeHint(golden["in.hint"]);
        golden.AssertClose("inter.control.guided_hint", encoded, Tolerance);
        var residuals = control.Forward(x, t, context, encoded);
        foreach (var (index, residual) in residuals.Index())
        {
            golden.AssertClose($"control.{index}", residual, Tolerance);
        }

        Assert.False(golden.Has($"control.{residuals.Count}"));
        golden.AssertClose("out.control", unet.Forward(x, t, context, residuals), Tolerance);
        golden.AssertClose("out.only_mid_control", unet.Forward(x, t, context, [.. residuals.SkipLast(1).Select(r => zeros_like(r)), residuals[^1]]), Tolerance);
        foreach (var strengths in new[] { "guess", "custom" })
        {
            var scales = golden[$"in.strengths_{strengths}"];
            golden.AssertClose($"out.strength_{strengths}", unet.Forward(x, t, context, [.. residuals.Select((r, i) => r * scales[i])]), Tolerance);
        }

        AssertInnerValues(golden, "unet", unet, null);
        AssertInnerValues(golden, "control", control, encoded);
        golden.AssertAllRead();
    }

    /// <summary>Walks through a network's own stages, so that a wrong value is found where it first appears.</summary>
    private static void AssertInnerValues(GoldenFile golden, string part, nn.Module network, Tensor? encodedHint)
    {
        var modules = network.named_modules().ToDictionary(m => m.name, m => m.module);
        var (t, context, h) = (golden["in.timesteps"], golden["in.context"], golden["in.x"]);
        void Compare(string name, Tensor actual)
        {
            if (golden.Has($"inter.{part}.{name}"))
            {
                golden.AssertClose($"inter.{part}.{name}", actual, Tolerance);
            }
        }

        var time = ((TimeEmbedding)modules["time_embed"]).Forward(t, ScalarType.Float32);
        Compare("emb", time);
        var skips = new Stack<Tensor>();
        for (var i = 0; modules.TryGetValue($"input_blocks.{i}", out var block); i++)
        {
            h = ((Stage)block).Forward(h, time, context);
            h = i == 0 && encodedHint is not null ? h + encodedHint : h;
            Compare($"input_blocks.{i}", h);
            skips.Push(h);
        }

        h = ((Stage)modules["middle_block"]).Forward(h, time, context);
        Compare("middle_block", h);
        for (var i = 0; modules.TryGetValue($"output_blocks.{i}", out var block); i++)
        {
            h = ((Stage)block).Forward(cat([h, skips.Pop()], 1), time, context);
            Compare($"output_blocks.{i}", h);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithZeroConvolutions_IsTheUNetBitForBit(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var p = GoldenNetworks.UNetParams(golden.Config);
        var weights = golden.Weights();
        using var unet = GoldenNetworks.UNet(p, weights);
        foreach (var (name, weight) in weights)
        {
            if (name.StartsWith("control_model.zero_convs.", StringComparison.Ordinal) || name.StartsWith("control_model.middle_block_out.", StringComparison.Ordinal))
            {
                weight.zero_();
            }
        }

        using var control = GoldenNetworks.ControlNet(GoldenNetworks.ControlNetParams(golden.Config), weights);
        var (x, t, context) = (golden["in.x"], golden["in.timesteps"], golden["in.context"]);
        var residuals = control.Forward(x, t, context, control.EncodeHint(golden["in.hint"]));
        Assert.All(residuals, r => Assert.Equal(0, r.abs().max().item<float>()));
        Assert.True(unet.Forward(x, t, context).equal(unet.Forward(x, t, context, residuals)).all().item<bool>());
    }

    [Fact]
    public void Forward_WithAWrongNumberOfResiduals_NamesBothNumbers()
    {
        using var golden = Goldens.Open("unet_tiny.safetensors");
        using var scope = NewDisposeScope();
        var p = GoldenNetworks.UNetParams(golden.Config);
        using var unet = GoldenNetworks.UNet(p, golden.Weights());
        var e = Assert.Throws<ArgumentException>(() => unet.Forward(golden["in.x"], golden["in.timesteps"], golden["in.context"], [zeros(1)]));
        // The first convolution, the residual blocks, a downsampling between two levels, the middle block.
        Assert.StartsWith($"{1 + p.Levels.Sum(level => level.ResidualBlocks) + p.Levels.Count - 1 + 1} control residuals are needed; 1 were given", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_KeepsItsArgumentsAlive_AndLeavesNothingElse()
    {
        using var golden = Goldens.Open("unet_tiny.safetensors");
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = GoldenNetworks.UNetParams(golden.Config);
        using var unet = GoldenNetworks.UNet(p, golden.Weights());
        var (x, t, context) = (golden["in.x"], golden["in.timesteps"], golden["in.context"]);
        var before = scope.DisposablesCount;
        unet.Forward(x, t, context).Dispose();
        Assert.False(x.IsInvalid || t.IsInvalid || context.IsInvalid);
        Assert.Equal(before, scope.DisposablesCount);
    }
}
