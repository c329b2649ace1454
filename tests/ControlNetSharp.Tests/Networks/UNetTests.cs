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
        using var control = GoldenNetworks.ControlNet(p, weights);
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

        using var control = GoldenNetworks.ControlNet(p, weights);
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
        using var unet = GoldenNetworks.UNet(GoldenNetworks.UNetParams(golden.Config), golden.Weights());
        var e = Assert.Throws<ArgumentException>(() => unet.Forward(golden["in.x"], golden["in.timesteps"], golden["in.context"], [zeros(1)]));
        Assert.Contains("13", e.Message, StringComparison.Ordinal);
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
