using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>What a UNet sees in a reference picture in one call; it changes nothing itself.</summary>
/// <param name="places">Where it is looked at.</param>
internal sealed class ReferenceLook(ReferencePlaces places) : IBlockControl
{
    private const double LeastVariance = 1e-6;
    private readonly Dictionary<AttentionPlace, (Tensor Key, Tensor Value)> _tokens = [];
    private readonly Dictionary<StagePlace, (Tensor Mean, Tensor Variance)> _statistics = [];

    /// <summary>Keys and values of self-attention layers, [B, tokens, C].</summary>
    public IReadOnlyDictionary<AttentionPlace, (Tensor Key, Tensor Value)> Tokens => _tokens;

    /// <summary>Means and variances of features, [B, C, 1, 1], float32.</summary>
    public IReadOnlyDictionary<StagePlace, (Tensor Mean, Tensor Variance)> Statistics => _statistics;

    /// <summary>All tensors. They belong to no dispose scope: the layers' own end before they are needed.</summary>
    public IEnumerable<Tensor> Tensors =>
        _tokens
            .Values.SelectMany(seen => new[] { seen.Key, seen.Value })
            .Concat(_statistics.Values.SelectMany(seen => new[] { seen.Mean, seen.Variance }));

    /// <inheritdoc/>
    public Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend)
    {
        if (places.Attention.Contains(place))
        {
            _tokens[place] = (Detached(projected.Key.alias()), Detached(projected.Value.alias()));
        }

        return attend(projected);
    }

    /// <inheritdoc/>
    public Tensor After(StagePlace place, Tensor output)
    {
        if (places.Statistics.Contains(place))
        {
            var (mean, variance) = Of(output);
            _statistics[place] = (Detached(mean), Detached(variance));
        }

        return output;
    }

    /// <summary>Features with the mean and deviation of another picture's; fresh, in their dtype.</summary>
    /// <param name="features">[B, C, h, w]. Borrowed.</param>
    /// <param name="mean">[B, C, 1, 1].</param>
    /// <param name="variance">[B, C, 1, 1].</param>
    public static Tensor Styled(Tensor features, Tensor mean, Tensor variance)
    {
        var (own, spread) = Of(features);
        return ((features - own) / Deviation(spread) * Deviation(variance)).Plus(mean).to(features.dtype);
    }

    private static (Tensor Mean, Tensor Variance) Of(Tensor features)
    {
        var wide = features.to(ScalarType.Float32);
        var mean = wide.mean([2, 3], keepdim: true);
        return (mean, (wide - mean).square().mean([2, 3], keepdim: true));
    }

    private static Tensor Deviation(Tensor variance) => variance.AtLeast(LeastVariance).sqrt();

    private static Tensor Detached(Tensor tensor) => tensor.DetachFromDisposeScope();
}
