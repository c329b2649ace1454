using ControlNetSharp.Runtime;
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
        return functional.conv2d(x, _weight.to(x.dtype), _bias.to(x.dtype), _stride, _padding).MoveToOuterDisposeScope();
    }
}
