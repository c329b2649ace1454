using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Layer normalisation over the last dimension, computed in the dtype of x. Source: Ba et al. 2016, arXiv:1607.06450.
/// </summary>
internal sealed class LayerNormLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly long[] _shape;
    private readonly double _epsilon;

    /// <summary>Creates the layer for [.., <paramref name="width"/>].</summary>
    public LayerNormLayer(int width, double epsilon, Placement placement)
        : base(nameof(LayerNormLayer))
    {
        (_shape, _epsilon) = ([width], epsilon);
        _weight = LayerMemory.Empty(placement, width);
        _bias = LayerMemory.Empty(placement, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return functional
            .layer_norm(x, _shape, _weight.to(x.dtype), _bias.to(x.dtype), _epsilon)
            .MoveToOuterDisposeScope();
    }
}
