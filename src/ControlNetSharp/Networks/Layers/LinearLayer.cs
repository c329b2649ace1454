using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>y = x·Wᵀ + b, computed in the dtype of x. Weights are uninitialised until loaded or set.</summary>
internal sealed class LinearLayer : Module<Tensor, Tensor>, ILowRankLayer, IInt8Layer
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
    public Parameter Weight => _weight;

    /// <inheritdoc/>
    public LowRankChange? Change { get; private set; }

    /// <inheritdoc/>
    public Int8Weight? Int8 { get; private set; }

    /// <inheritdoc/>
    public void Lock(Parameter weight, LowRankChange change)
    {
        _weight.Dispose();
        (_weight, Change) = (weight, change);
        ConditionallyRegisterParameter("weight", weight);
        register_parameter(LowRankChange.UpName, change.Up);
        register_parameter(LowRankChange.DownName, change.Down);
    }

    /// <inheritdoc/>
    public void ToInt8()
    {
        Int8 = new Int8Weight(_weight, _bias);
        ConditionallyRegisterParameter("weight", null!);
        _weight.Dispose();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        if (Int8 is { } int8)
        {
            return int8.Linear(x);
        }

        using var scope = NewDisposeScope();
        var y = functional.linear(x, _weight.to(x.dtype), _bias?.to(x.dtype));
        if (Change is { } change)
        {
            y = y.Plus(functional.linear(functional.linear(x, change.Down.to(x.dtype)), change.Up.to(x.dtype)));
        }

        return y.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Int8?.Dispose();
        base.Dispose(disposing);
    }
}
