using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Measuring;

public class NetworkCostTests
{
    private const int Tokens = 77;

    [Fact]
    public void StableDiffusion15At512Pixels_CostsWhatACountByHandGives()
    {
        Assert.Equal(803.3, NetworkCost.UNet(UNetParams.Sd15, 64, 64), 0.05);
        Assert.Equal(268.6, NetworkCost.ControlNet(UNetParams.Sd15, 64, 64), 0.05);
    }

    [Theory]
    [InlineData(1, 16, 16)]
    [InlineData(2, 8, 24)]
    public void UNetAndControlNet_CostWhatTheirLayersDo(int residualBlocks, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = UNetParams.StableDiffusion(32, [1, 2, 4, 4], residualBlocks, 24, HeadRule.OfWidth(8), linearProjections: false);
        using var unet = new UNet(p, Placement.Cpu32);
        using var control = new ControlNet(new ControlNetParams { UNet = p }, Placement.Cpu32);
        var (latents, timesteps, context) = (zeros(1, p.InChannels, height, width), zeros(1), zeros(1, Tokens, p.ContextChannels));
        Assert.Equal(Count(unet, () => unet.Forward(latents, timesteps, context)), NetworkCost.UNet(p, height, width), 1e-9);
        Assert.Equal(Count(control, () => control.Forward(latents, timesteps, context, zeros(1, p.ModelChannels, height, width))), NetworkCost.ControlNet(p, height, width), 1e-9);
    }

    [Fact]
    public void Sdxl_CostsWhatItsLayersDo()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = TinyModel.Sdxl;
        using var unet = new UNet(p, Placement.Cpu32);
        using var control = new ControlNet(new ControlNetParams { UNet = p }, Placement.Cpu32);
        var (latents, timesteps, context, vector) = (zeros(1, p.InChannels, 8, 16), zeros(1), zeros(1, Tokens, p.ContextChannels), zeros(1, p.VectorChannels!.Value));
        Assert.Equal(Count(unet, () => unet.Forward(latents, timesteps, context, null, vector)), NetworkCost.UNet(p, 8, 16), 1e-9);
        Assert.Equal(Count(control, () => control.Forward(latents, timesteps, context, zeros(1, p.ModelChannels, 8, 16), vector)), NetworkCost.ControlNet(p, 8, 16), 1e-9);
    }

    /// <summary>GFLOP of the layers that run: two for each weight of an output, and the two products of attention.</summary>
    private static double Count(nn.Module network, Action run)
    {
        var cost = 0.0;
        // A module that is kept in a field as well as in a list is listed under both names.
        foreach (var module in network.named_modules().Select(pair => pair.module).Distinct())
        {
            switch (module)
            {
                case ConvolutionLayer or LinearLayer:
                {
                    var weight = module.get_parameter("weight")!;
                    ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, output) =>
                    {
                        cost += 2.0 * weight.numel() / weight.shape[0] * output.numel();
                        return output;
                    });
                    break;
                }

                case CrossAttention attention:
                    attention.register_forward_hook((_, x, context, output) =>
                    {
                        cost += 4.0 * x.numel() * context.shape[1];
                        return output;
                    });
                    break;

                default:
                    break;
            }
        }

        run();
        return cost / 1e9;
    }
}
