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
        if (IsUnsafeInBf16(x))
        {
            return functional.conv2d(x.to(ScalarType.Float32), _weight.to(ScalarType.Float32), _bias.to(ScalarType.Float32), _stride, _padding).to(x.dtype).MoveToOuterDisposeScope();
        }

        return functional.conv2d(x, _weight.to(x.dtype), _bias.to(x.dtype), _stride, _padding).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// On a CPU the bf16 gradient with respect to x is wrong, by a tenth to a half of its size or not a number at all, where channels do not fill the kernels' blocks
    /// (16, and 32 for the input of a strided convolution): libtorch 2.10 reads the rest of the block from memory that nothing was written to. Measured for 1 to 144 channels.
    /// </summary>
    private bool IsUnsafeInBf16(Tensor x) =>
        x.requires_grad && is_grad_enabled() && x.dtype == ScalarType.BFloat16 && x.device_type == DeviceType.CPU
        && (_weight.shape[0] % 16 != 0 || _weight.shape[1] % (_stride[0] > 1 ? 32 : 16) != 0);
}
