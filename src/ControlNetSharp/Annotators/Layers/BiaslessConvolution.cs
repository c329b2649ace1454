using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>Two-dimensional convolution without bias that keeps the size: [B, inputs, h, w] -> [B, outputs, h, w].</summary>
internal sealed class BiaslessConvolution : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")] private Parameter _weight;
#pragma warning restore IDE0044, RCS1169
    private readonly long[] _padding;

    public BiaslessConvolution(int inputs, int outputs, int kernel, Placement placement)
        : base(nameof(BiaslessConvolution))
    {
        _padding = [kernel / 2, kernel / 2];
        _weight = LayerMemory.Empty(placement, outputs, inputs, kernel, kernel);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => functional.conv2d(x, _weight, bias: null, strides: [1, 1], padding: _padding);
}
