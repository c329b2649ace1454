using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>Group normalisation with scale and shift, computed in the dtype of x. Source: Wu and He 2018, arXiv:1803.08494.</summary>
public sealed class GroupNormLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")] private Parameter _weight;
    [ComponentName(Name = "bias")] private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    private readonly int _groups;
    private readonly double _epsilon;

    /// <summary>Creates the layer for [B, <paramref name="channels"/>, h, w].</summary>
    /// <exception cref="ArgumentException">The channels do not divide into the groups.</exception>
    public GroupNormLayer(int groups, int channels, double epsilon, Placement placement)
        : base(nameof(GroupNormLayer))
    {
        if (groups < 1 || channels % groups != 0)
        {
            throw new ArgumentException($"{channels} channels cannot be divided into {groups} norm groups.", nameof(groups));
        }

        (_groups, _epsilon) = (groups, epsilon);
        _weight = LayerMemory.Empty(placement, channels);
        _bias = LayerMemory.Empty(placement, channels);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return functional.group_norm(x, _groups, _weight.to(x.dtype), _bias.to(x.dtype), _epsilon).MoveToOuterDisposeScope();
    }
}
