using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Batch normalisation with stored statistics, for inference; the statistics are weights like the others here. Computed
/// in the dtype of x. Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
/// </summary>
internal sealed class BatchNormLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter _bias;

    [ComponentName(Name = "running_mean")]
    private Parameter _mean;

    [ComponentName(Name = "running_var")]
    private Parameter _variance;
#pragma warning restore IDE0044, RCS1169
    private readonly double _epsilon;

    /// <summary>Creates the layer for [B, <paramref name="channels"/>, h, w].</summary>
    public BatchNormLayer(int channels, double epsilon, Placement placement)
        : base(nameof(BatchNormLayer))
    {
        _epsilon = epsilon;
        _weight = LayerMemory.Empty(placement, channels);
        _bias = LayerMemory.Empty(placement, channels);
        _mean = LayerMemory.Empty(placement, channels);
        _variance = LayerMemory.Empty(placement, channels);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return functional
            .batch_norm(
                x,
                _mean.to(x.dtype),
                _variance.to(x.dtype),
                _weight.to(x.dtype),
                _bias.to(x.dtype),
                training: false,
                eps: _epsilon
            )
            .MoveToOuterDisposeScope();
    }
}
