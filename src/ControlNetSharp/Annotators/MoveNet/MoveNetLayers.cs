using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// Convolutions of MoveNet. Batch norms are folded into them; those that halve the map are padded to the right and
/// below only, as in TensorFlow.
/// </summary>
internal static class MoveNetLayers
{
    private const int Kernel = 3;

    /// <summary>The 3 x 3 convolution; with a stride of 2 what it is given is <see cref="Padded"/>.</summary>
    public static ConvolutionLayer Wide(
        int inputs,
        int outputs,
        int stride,
        Placement placement,
        int groups = 1,
        bool bias = true
    ) => new(inputs, outputs, Kernel, stride, stride == 1 ? Kernel / 2 : 0, placement, groups, bias: bias);

    /// <summary>The 1 x 1 convolution.</summary>
    public static ConvolutionLayer Pointwise(int inputs, int outputs, Placement placement) =>
        new(inputs, outputs, 1, 1, 0, placement);

    /// <summary>
    /// What a <see cref="Wide"/> convolution that halves is given. A strip that brings the row below it is not padded
    /// there.
    /// </summary>
    public static Tensor Padded(Tensor x) => pad(x, [0, 1, 0, 1 - x.shape[2] % 2]);
}

/// <summary>
/// Inverted residual block: a 1 x 1 convolution that widens, a 3 x 3 convolution of each channel alone, both with
/// ReLU6, and a 1 x 1 convolution that narrows.
/// </summary>
internal sealed class InvertedResidual : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer? _expand;
    private readonly ConvolutionLayer _depthwise;
    private readonly ConvolutionLayer _project;

    /// <summary>Wide maps of large pictures would not fit into the processor's caches.</summary>
    private static readonly RowStrips Strips = new(Pixels: 2048, Wraps: false);

    private readonly bool _halves;
    private readonly bool _addsInput;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="expansion">How many times they are widened; 1 has no convolution for it.</param>
    /// <param name="block">Channels out and stride.</param>
    /// <param name="placement">Where the weights live.</param>
    public InvertedResidual(int inputs, int expansion, MoveNetBlock block, Placement placement)
        : base(nameof(InvertedResidual))
    {
        var wide = inputs * expansion;
        _expand = expansion == 1 ? null : MoveNetLayers.Pointwise(inputs, wide, placement);
        _depthwise = MoveNetLayers.Wide(wide, wide, block.Stride, placement, groups: wide);
        _project = MoveNetLayers.Pointwise(wide, block.Channels, placement);
        (_halves, _addsInput) = (block.Stride == 2, block.Stride == 1 && inputs == block.Channels);
        if (_expand is not null)
        {
            register_module("expand", _expand);
        }

        register_module("depthwise", _depthwise);
        register_module("project", _project);
    }

    /// <summary>[B, inputs, h, w] -> [B, channels, h / stride, w / stride].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var narrow = _halves ? Strips.Halve(x, Narrow) : Narrow(x);
        return (_addsInput ? narrow.PlusInPlace(x) : narrow).MoveToOuterDisposeScope();
    }

    /// <summary>What the convolutions make of x, or of a strip of it.</summary>
    private Tensor Narrow(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = _expand is null ? x : relu6(_expand.call(x), inplace: true);
        wide = relu6(_depthwise.call(_halves ? MoveNetLayers.Padded(wide) : wide), inplace: true);
        return _project.call(wide).MoveToOuterDisposeScope();
    }
}

/// <summary>A 3 x 3 convolution of each channel alone, then a 1 x 1 convolution with ReLU.</summary>
internal sealed class SeparableConvolution : Module<Tensor, Tensor>
{
    /// <summary>Creates the layer.</summary>
    public SeparableConvolution(int inputs, int outputs, Placement placement)
        : base(nameof(SeparableConvolution))
    {
        Depthwise = MoveNetLayers.Wide(inputs, inputs, 1, placement, groups: inputs, bias: false);
        Pointwise = MoveNetLayers.Pointwise(inputs, outputs, placement);
        register_module("depthwise", Depthwise);
        register_module("pointwise", Pointwise);
    }

    public ConvolutionLayer Depthwise { get; }

    public ConvolutionLayer Pointwise { get; }

    /// <summary>[B, inputs, h, w] -> [B, outputs, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return relu(Pointwise.call(Depthwise.call(x)), inplace: true).MoveToOuterDisposeScope();
    }
}
