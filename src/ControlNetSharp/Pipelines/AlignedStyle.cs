using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Aligns the style of the pictures of a batch at all steps. The rows of a call are groups, one for each side of the
/// guidance, of as many rows as there are pictures; what is said of the first picture is meant in each group.
/// Source: google/style-aligned, sa_handler.py.
/// </summary>
/// <param name="style">How.</param>
/// <param name="pictures">Pictures of the batch, at least 2.</param>
/// <param name="model">The UNet's shape.</param>
internal sealed class AlignedStyle(StyleAlignment style, int pictures, UNetParams model) : IControl, IBlockControl
{
    private const double Epsilon = 1e-5;
    private readonly HashSet<AttentionPlace> _plain = PlainLayers(model, style.Plain);

    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => true;

    /// <inheritdoc/>
    public UNetAdditions Additions(UNetCall call) => new() { Blocks = [this] };

    /// <inheritdoc/>
    public Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend)
    {
        if (!place.IsSelf || _plain.Contains(place))
        {
            return attend(projected);
        }

        using var scope = NewDisposeScope();
        return attend(style.All ? SeeingAll(projected) : SeeingTheFirst(projected)).MoveToOuterDisposeScope();
    }

    /// <summary>The first picture's features stand below those of each, and are cut off again.</summary>
    public Tensor Normed(Tensor x, Func<Tensor, Tensor> norm)
    {
        if (style.All || !style.Norms)
        {
            return norm(x);
        }

        using var scope = NewDisposeScope();
        return norm(cat([x, First(x)], 2)).narrow(2, 0, x.shape[2]).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The layers that are left alone: every n-th, counted on the way down, then up, then in the middle; above a half
    /// all but every n-th. Source: google/style-aligned, _get_switch_vec.
    /// </summary>
    internal static HashSet<AttentionPlace> PlainLayers(UNetParams model, double share)
    {
        var middle = UNetStages.Input(model).Count;
        var layers = UNetStages
            .All(model)
            .Index()
            .OrderBy(stage => stage.Index == middle)
            .SelectMany(stage =>
                Enumerable
                    .Range(0, stage.Item.Transformers)
                    .Select(block => new AttentionPlace(stage.Index, block, IsSelf: true))
            )
            .ToList();
        var count = (int)(Math.Min(share, 1 - share) * layers.Count);
        var chosen = layers.Index().Where(layer => count > 0 && layer.Index % (layers.Count / count) == 0);
        var marked = chosen.Select(layer => layer.Item).ToHashSet();
        return share > 0.5 ? [.. layers.Where(layer => !marked.Contains(layer))] : marked;
    }

    private AttentionTensors SeeingAll(AttentionTensors projected)
    {
        // [S · B, L, C] -> [S · B, B · L, C]: the tokens of all pictures of the side, for each of them.
        Tensor Shared(Tensor x) =>
            x.reshape(-1, 1, pictures * x.shape[1], x.shape[2])
                .expand(-1, pictures, -1, -1)
                .reshape(-1, pictures * x.shape[1], x.shape[2]);
        return projected with { Key = Shared(projected.Key), Value = Shared(projected.Value) };
    }

    private AttentionTensors SeeingTheFirst(AttentionTensors projected)
    {
        Tensor Adapted(Tensor tokens, bool isMeant) => isMeant ? LikeTheFirst(tokens) : tokens;
        var adapted = projected with
        {
            Query = Adapted(projected.Query, style.Adapts),
            Key = Adapted(projected.Key, style.Adapts),
            Value = Adapted(projected.Value, style.Values),
        };
        return adapted.With(Scaled(First(adapted.Key)), First(adapted.Value), style.Shift);
    }

    /// <summary>The first row of each group, for all of its rows.</summary>
    private Tensor First(Tensor x)
    {
        long[] rest = [.. x.shape[1..]];
        return x.reshape([-1, pictures, .. rest])
            .narrow(1, 0, 1)
            .expand([-1, pictures, .. rest.Select(_ => -1L)])
            .reshape(x.shape);
    }

    /// <summary>Tokens with the mean and deviation that those of the first picture have, channel by channel.</summary>
    private Tensor LikeTheFirst(Tensor tokens)
    {
        // One token has no deviation.
        if (tokens.shape[1] == 1)
        {
            return tokens;
        }

        var mean = tokens.mean([1], keepdim: true);
        var spread = (tokens - mean).square().sum([1], keepdim: true).Over(tokens.shape[1] - 1);
        var deviation = spread.Plus(Epsilon).sqrt();
        return ((tokens - mean) / deviation * First(deviation)).Plus(First(mean));
    }

    /// <summary>What others see of the first picture; it sees itself as it is.</summary>
    private Tensor Scaled(Tensor first)
    {
        if (style.Scale == 1)
        {
            return first;
        }

        var groups = first.reshape(-1, pictures, first.shape[1], first.shape[2]);
        return cat([groups.narrow(1, 0, 1), groups.narrow(1, 1, pictures - 1).Times(style.Scale)], 1)
            .reshape(first.shape);
    }
}
