using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public class TrainableDenoiserTests
{
    private static readonly string[] Joints = ["zero_convs.", "middle_block_out."];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Steps_OfAControlNet_LeaveTheLockedUNetAsItIs_AndReachTheCopyBehindTheZeroConvolutionsFromTheSecondOn(bool checkpointing)
    {
        using var scope = NewDisposeScope();
        var unet = TinyModel.UNet();
        var before = Bytes(unet);
        var (controlNet, _) = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32);
        var denoiser = new TrainableDenoiser(unet, controlNet, TrainingTarget.ControlNet, ScalarType.Float32) { Checkpointing = checkpointing };
        using var optimizer = new AdamW(denoiser.Parameters.Select(p => p.Parameter), new AdamWOptions());
        var (x, t, context, hint) = (randn(2, 4, 8, 8), tensor(new long[] { 10, 700 }), randn(2, 77, TinyModel.Width), rand(2, 3, 64, 64));
        for (var step = 0; step < 2; step++)
        {
            denoiser.Predict(x, t, context, hint).square().mean().backward();
            foreach (var (name, parameter) in controlNet.named_parameters())
            {
                var reached = parameter.grad!.abs().max().item<float>() > 0;
                var joint = Joints.Any(part => name.StartsWith(part, StringComparison.Ordinal));
                if (step == 0)
                {
                    Assert.True(reached == joint, $"step 1: {name}");
                }
                else if (name.StartsWith("input_blocks.", StringComparison.Ordinal) && name.EndsWith("in_layers.2.weight", StringComparison.Ordinal))
                {
                    Assert.True(reached, $"step 2: {name}");
                }
            }

            optimizer.Step(1e-3);
        }

        Assert.All(unet.parameters(), parameter => Assert.True(parameter.grad is null && !parameter.requires_grad));
        Assert.Equal(before, Bytes(unet));
    }

    [Fact]
    public void Parameters_HaveTheNamesOfACheckpoint_AndTheTargetDecidesWhich()
    {
        var (unet, controlNet) = (TinyModel.UNet(), TinyModel.ControlNet());
        var all = unet.named_parameters().Select(p => TinyModel.UNetPrefix + p.name).ToList();
        Assert.Equal(all, new TrainableDenoiser(unet, null, TrainingTarget.UNet, ScalarType.Float32).Parameters.Select(p => p.Name));
        var both = new TrainableDenoiser(unet, controlNet, TrainingTarget.ControlNetAndDecoder, ScalarType.Float32).Parameters.Select(p => p.Name).ToList();
        Assert.Equal(
            all.Where(name => name.StartsWith(TinyModel.UNetPrefix + "out", StringComparison.Ordinal)),
            both.Where(name => name.StartsWith(TinyModel.UNetPrefix, StringComparison.Ordinal)));
        Assert.Throws<ArgumentException>(() => new TrainableDenoiser(unet, controlNet, TrainingTarget.UNet, ScalarType.Float32));
        Assert.Throws<ArgumentException>(() => new TrainableDenoiser(unet, null, TrainingTarget.ControlNet, ScalarType.Float32));
    }

    [Fact]
    public void ForMuon_MovesTheMatricesInside_ButNoFirstAndLastLayersAndZeroConvolutions()
    {
        using var unet = new UNet(UNetParams.Sd15, Placement.Meta);
        var (controlNet, _) = TrainableCopy.Of(TinyModel.UNet(), seed: 1, Placement.Cpu32);
        var inner = new TrainableDenoiser(unet, null, TrainingTarget.UNet, ScalarType.Float32).Parameters
            .Concat(new TrainableDenoiser(TinyModel.UNet(), controlNet, TrainingTarget.ControlNet, ScalarType.Float32).Parameters)
            .Where(p => TrainableDenoiser.ForMuon.Moves(p.Name, p.Parameter)).Select(p => p.Name).ToList();
        Assert.Contains(TinyModel.UNetPrefix + "input_blocks.1.0.in_layers.2.weight", inner);
        Assert.Contains(TinyModel.UNetPrefix + "middle_block.1.transformer_blocks.0.attn2.to_k.weight", inner);
        Assert.Contains(TinyModel.ControlPrefix + "input_hint_block.4.weight", inner);
        Assert.DoesNotContain(inner, name => name.EndsWith(".bias", StringComparison.Ordinal) || Joints.Any(joint => name.Contains(joint, StringComparison.Ordinal)));
        foreach (var outer in new[] { "input_blocks.0.0.weight", "out.2.weight", "input_hint_block.0.weight", "input_hint_block.14.weight" })
        {
            Assert.DoesNotContain(inner, name => name.EndsWith("." + outer, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Work_OfAControlNet_IsLessThanThatOfFullFineTuning()
    {
        double Gflop(TrainingTarget target, bool checkpointing) => TrainingWork.Gflop(UNetParams.Sd15, target, 64, 64, checkpointing);
        Assert.InRange(Gflop(TrainingTarget.ControlNet, false) / Gflop(TrainingTarget.UNet, false), 0.85, 0.92);
        Assert.InRange(Gflop(TrainingTarget.ControlNet, true) / Gflop(TrainingTarget.UNet, true), 0.88, 0.95);
        Assert.True(Gflop(TrainingTarget.ControlNet, false) < Gflop(TrainingTarget.ControlNetAndDecoder, false));
        Assert.True(Gflop(TrainingTarget.ControlLora, false) < Gflop(TrainingTarget.ControlNet, false));
    }

    private static byte[] Bytes(nn.Module network) => [.. network.parameters().SelectMany(parameter => parameter.bytes.ToArray())];

    [Fact]
    public void Constructor_WithAUNetThatTakesMasks_SaysThatItCannotBeTrained()
    {
        using var unet = new UNet(TinyModel.Inpainting, Placement.Meta);
        var e = Assert.Throws<ArgumentException>(() => new TrainableDenoiser(unet, null, TrainingTarget.UNet, ScalarType.Float32));
        Assert.Contains("inpainting can be run, but not trained here", e.Message, StringComparison.Ordinal);
    }
}
