using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>Two-dimensional convolution, with bias unless said otherwise, computed in the dtype of x. Weights are uninitialised until loaded or set.</summary>
public sealed class ConvolutionLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter? _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly long[] _dilation;
    private readonly int _groups;

    /// <summary>Creates the layer for [B, <paramref name="inputs"/>, h, w] -> [B, <paramref name="outputs"/>, h', w'] with a square kernel; zeros are padded on all four sides.</summary>
    public ConvolutionLayer(int inputs, int outputs, int kernel, int stride, int padding, Placement placement, int groups = 1, int dilation = 1, bool bias = true)
        : base(nameof(ConvolutionLayer))
    {
        (_stride, _padding, _dilation, _groups) = ([stride, stride], [padding, padding], [dilation, dilation], groups);
        _weight = LayerMemory.Empty(placement, outputs, inputs / groups, kernel, kernel);
        _bias = bias ? LayerMemory.Empty(placement, outputs) : null;
        RegisterComponents();
    }

    /// <summary>Whether the opposite border is padded instead of zeros: <see cref="SeamlessTiling"/>.</summary>
    internal bool WrapsAround { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        long[] padding = _padding;
        if (WrapsAround && padding[0] > 0)
        {
            x = functional.pad(x, [padding[1], padding[1], padding[0], padding[0]], PaddingModes.Circular);
            padding = [0, 0];
        }

        var (weight, bias) = (_weight.to(x.dtype), _bias?.to(x.dtype));
        var (inputs, outputs) = MissingChannels(x);
        return inputs + outputs == 0
            ? functional.conv2d(x, weight, bias, _stride, padding, _dilation, _groups).MoveToOuterDisposeScope()
            : functional.conv2d(
                functional.pad(x, [0, 0, 0, 0, 0, inputs]),
                functional.pad(weight, [0, 0, 0, 0, 0, inputs, 0, outputs]),
                bias is null ? null : functional.pad(bias, [0, outputs]),
                _stride,
                padding,
                _dilation).narrow(1, 0, weight.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>Channels of zeros that make up whole blocks, where libtorch's CPU kernels need them to be right.</summary>
    /// <remarks>
    /// libtorch 2.10 reads the rest of an unfilled block from memory that nothing was written to. So results are wrong now and then, by a tenth to a half of their size or not a number
    /// at all: in bf16 where output channels do not fill blocks of 16; and the gradient with respect to x, in float32 too, where output or input channels do not
    /// (blocks of 32 for the input of a strided convolution). Measured for 1 to 144 channels on a processor with AVX-512, without groups; convolutions in groups are left as they are.
    /// </remarks>
    private (long Inputs, long Outputs) MissingChannels(Tensor x)
    {
        if (x.device_type != DeviceType.CPU || _groups > 1)
        {
            return (0, 0);
        }

        var needsGradient = x.requires_grad && is_grad_enabled();
        var inputBlock = _stride[0] > 1 ? 32 : 16;
        return (
            needsGradient ? (inputBlock - _weight.shape[1] % inputBlock) % inputBlock : 0,
            needsGradient || x.dtype == ScalarType.BFloat16 ? (16 - _weight.shape[0] % 16) % 16 : 0);
    }
}
