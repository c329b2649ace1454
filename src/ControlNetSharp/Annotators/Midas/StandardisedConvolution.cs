using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// Convolution without bias whose kernels are brought to mean 0 and variance 1, padded as TensorFlow's SAME does: [B,
/// inputs, h, w] -> [B, outputs, ceil(h / stride), ceil(w / stride)].
/// Source: Qiao et al. 2019, arXiv:1903.10520; timm layers/std_conv.py, StdConv2dSame.
/// </summary>
internal sealed class StandardisedConvolution : Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-6;
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;
#pragma warning restore IDE0044, RCS1169
    private readonly int _kernel;
    private readonly int _stride;

    public StandardisedConvolution(int inputs, int outputs, int kernel, int stride, Placement placement)
        : base(nameof(StandardisedConvolution))
    {
        (_kernel, _stride) = (kernel, stride);
        _weight = LayerMemory.Empty(placement, outputs, inputs, kernel, kernel);
        RegisterComponents();
    }

    /// <summary>
    /// Pads so that every stride-th pixel is the middle of a window; of an odd number of pixels the larger half comes
    /// right and below.
    /// </summary>
    public static Tensor PadSame(Tensor x, int kernel, int stride, double value)
    {
        var (height, width) = (Missing(x.shape[2]), Missing(x.shape[3]));
        return functional.pad(x, [width / 2, width - width / 2, height / 2, height - height / 2], value: value);

        long Missing(long length) => Math.Max(((length + stride - 1) / stride - 1) * stride + kernel - length, 0);
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var kernels = _weight.flatten(1);
        var centred = kernels - kernels.mean([1], keepdim: true);
        var standardised = centred / centred.square().mean([1], keepdim: true).Plus(Epsilon).sqrt();
        return new SafeConvolution(_stride, 0)
            .Run(PadSame(x, _kernel, _stride, 0), standardised.reshape(_weight.shape), bias: null)
            .MoveToOuterDisposeScope();
    }
}
