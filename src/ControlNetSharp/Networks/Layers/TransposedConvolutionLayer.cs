using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Two-dimensional transposed convolution with bias, computed in the dtype of x: each side becomes (side - 1) · stride
/// - 2 · padding + kernel + output padding.
/// </summary>
internal sealed class TransposedConvolutionLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly SafeTransposedConvolution _convolution;
    private readonly PaddedWeight _padded = new();

    /// <summary>
    /// Creates the layer for [B, <paramref name="inputs"/>, h, w] -> [B, <paramref name="outputs"/>, h', w']; its
    /// weight is [inputs, outputs, kernel, kernel].
    /// </summary>
    public TransposedConvolutionLayer(
        int inputs,
        int outputs,
        int kernel,
        int stride,
        int padding,
        int outputPadding,
        Placement placement
    )
        : base(nameof(TransposedConvolutionLayer))
    {
        _convolution = new SafeTransposedConvolution(stride, padding, outputPadding);
        _weight = LayerMemory.Empty(placement, inputs, outputs, kernel, kernel);
        _bias = LayerMemory.Empty(placement, outputs);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x) => _convolution.Run(x, _weight, _bias, _padded);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _padded.Dispose();
        base.Dispose(disposing);
    }
}
