using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>y = x·Wᵀ + b, computed in the dtype of x. Weights are uninitialised until loaded or set.</summary>
internal sealed class LinearLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter? _bias;
#pragma warning restore IDE0044, RCS1169

    /// <summary>Creates the layer for [.., <paramref name="inputs"/>] -> [.., <paramref name="outputs"/>].</summary>
    public LinearLayer(int inputs, int outputs, bool bias, Placement placement)
        : base(nameof(LinearLayer))
    {
        _weight = LayerMemory.Empty(placement, outputs, inputs);
        _bias = bias ? LayerMemory.Empty(placement, outputs) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return functional.linear(x, _weight.to(x.dtype), _bias?.to(x.dtype)).MoveToOuterDisposeScope();
    }
}
