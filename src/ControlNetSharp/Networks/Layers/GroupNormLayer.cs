using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Group normalisation with scale and shift, computed in the dtype of x. Source: Wu and He 2018, arXiv:1803.08494.
/// </summary>
internal sealed class GroupNormLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter _bias;
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
            throw new ArgumentException(
                $"{channels} channels cannot be divided into {groups} norm groups.",
                nameof(groups)
            );
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
        return functional
            .group_norm(x, _groups, _weight.to(x.dtype), _bias.to(x.dtype), _epsilon)
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The scale and shift that normalise x, which is looked at in strips; for <see cref="Normalised"/>.
    /// </summary>
    /// <param name="x">[B, C, h, w]. Borrowed.</param>
    /// <param name="strips">How x is divided.</param>
    /// <returns>[B, C, 1, 1] each, float32; fresh.</returns>
    internal (Tensor Scale, Tensor Shift) Normalisation(Tensor x, RowStrips strips)
    {
        using var scope = NewDisposeScope();
        var (sum, squares) = (
            zeros([x.shape[0], _groups], ScalarType.Float64, x.device),
            zeros([x.shape[0], _groups], ScalarType.Float64, x.device)
        );
        foreach (var (from, count) in strips.Strips(x))
        {
            using var inner = NewDisposeScope();
            var values = x.narrow(2, from, count).to(ScalarType.Float32).reshape(x.shape[0], _groups, -1);
            sum.PlusInPlace(values.sum(2, type: ScalarType.Float64));
            squares.PlusInPlace(values.square().sum(2, type: ScalarType.Float64));
        }

        var (size, width) = (x.numel() / (x.shape[0] * _groups), x.shape[1] / _groups);
        var mean = sum.Over(size);
        var deviation = (squares.Over(size) - mean.square()).AtLeast(0).Plus(_epsilon).sqrt();
        Tensor Spread(Tensor values) => values.repeat_interleave(width, 1).view(x.shape[0], -1, 1, 1);
        var scale = _weight.to(ScalarType.Float64).view(1, -1, 1, 1) / Spread(deviation);
        var shift = _bias.to(ScalarType.Float64).view(1, -1, 1, 1) - Spread(mean) * scale;
        return (
            scale.to(ScalarType.Float32).MoveToOuterDisposeScope(),
            shift.to(ScalarType.Float32).MoveToOuterDisposeScope()
        );
    }

    /// <summary>A strip of x with the scale and shift of the whole, in the dtype of x; fresh.</summary>
    internal static Tensor Normalised(Tensor strip, (Tensor Scale, Tensor Shift) normalisation)
    {
        using var scope = NewDisposeScope();
        return (strip.to(ScalarType.Float32) * normalisation.Scale)
            .Plus(normalisation.Shift)
            .to(strip.dtype)
            .MoveToOuterDisposeScope();
    }
}
