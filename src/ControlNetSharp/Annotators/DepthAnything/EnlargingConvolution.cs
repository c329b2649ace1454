using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.DepthAnything;

/// <summary>Transposed convolution whose stride is its kernel: each pixel becomes factor x factor pixels, [B, C, h, w] -> [B, C, factor·h, factor·w].</summary>
internal sealed class EnlargingConvolution : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly int _factor;

    public EnlargingConvolution(int channels, int factor, Placement placement)
        : base(nameof(EnlargingConvolution))
    {
        _factor = factor;
        _weight = LayerMemory.Empty(placement, channels, channels, factor, factor);
        _bias = LayerMemory.Empty(placement, channels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => functional.conv_transpose2d(x, _weight, _bias, strides: [_factor, _factor]);
}
