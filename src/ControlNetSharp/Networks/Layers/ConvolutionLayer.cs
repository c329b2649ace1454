using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>Two-dimensional convolution with bias, computed in the dtype of x. Weights are uninitialised until loaded or set.</summary>
public sealed class ConvolutionLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly long[] _stride;
    private readonly long[] _padding;

    /// <summary>Creates the layer for [B, <paramref name="inputs"/>, h, w] -> [B, <paramref name="outputs"/>, h', w'] with a square kernel; zeros are padded on all four sides.</summary>
    public ConvolutionLayer(int inputs, int outputs, int kernel, int stride, int padding, Placement placement)
        : base(nameof(ConvolutionLayer))
    {
        (_stride, _padding) = ([stride, stride], [padding, padding]);
        _weight = LayerMemory.Empty(placement, outputs, inputs, kernel, kernel);
        _bias = LayerMemory.Empty(placement, outputs);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = (_weight.to(x.dtype), _bias.to(x.dtype));
        var (inputs, outputs) = MissingChannels(x);
        return inputs + outputs == 0
            ? functional.conv2d(x, weight, bias, _stride, _padding).MoveToOuterDisposeScope()
            : functional.conv2d(
                functional.pad(x, [0, 0, 0, 0, 0, inputs]),
                functional.pad(weight, [0, 0, 0, 0, 0, inputs, 0, outputs]),
                functional.pad(bias, [0, outputs]),
                _stride,
                _padding).narrow(1, 0, weight.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>Channels of zeros that make up whole blocks, where the gradient with respect to x is needed on a CPU.</summary>
    /// <remarks>
    /// That gradient is wrong there now and then, by a tenth to a half of its size or not a number at all, where channels do not fill the kernels' blocks
    /// (16, and 32 for the input of a strided convolution): libtorch 2.10 reads the rest of the block from memory that nothing was written to.
    /// Measured for 1 to 144 channels in bf16; with 3 output channels in float32, too.
    /// </remarks>
    private (long Inputs, long Outputs) MissingChannels(Tensor x)
    {
        if (!x.requires_grad || !is_grad_enabled() || x.device_type != DeviceType.CPU)
        {
            return (0, 0);
        }

        var inputBlock = _stride[0] > 1 ? 32 : 16;
        return ((inputBlock - _weight.shape[1] % inputBlock) % inputBlock, (16 - _weight.shape[0] % 16) % 16);
    }
}
