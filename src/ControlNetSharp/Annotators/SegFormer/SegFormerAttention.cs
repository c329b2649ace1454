using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.SegFormer;

/// <summary>
/// Self-attention whose keys and values are made of squares of tokens; rest rows and columns are left out. Source: Xie
/// et al. 2021, arXiv:2105.15203, section 3.1; transformers 4.42, models/segformer.
/// </summary>
internal sealed class SegFormerAttention : Module
{
    private readonly LinearLayer _query;
    private readonly LinearLayer _key;
    private readonly LinearLayer _value;
    private readonly LinearLayer _out;
    private readonly ConvolutionLayer? _reduce;
    private readonly LayerNormLayer? _norm;
    private readonly int _heads;

    public SegFormerAttention(SegFormerStageParams p, Placement placement)
        : base(nameof(SegFormerAttention))
    {
        LinearLayer Linear() => new(p.Channels, p.Channels, bias: true, placement);
        _heads = p.Heads;
        (_query, _key, _value, _out) = (Linear(), Linear(), Linear(), Linear());
        var parts = new List<(string, Module)> { ("query", _query), ("key", _key), ("value", _value) };
        if (p.Reduction > 1)
        {
            (_reduce, _norm) = (
                new(p.Channels, p.Channels, p.Reduction, p.Reduction, 0, placement),
                new(p.Channels, SegFormerBlock.Epsilon, placement)
            );
            parts.AddRange([("sr", _reduce), ("layer_norm", _norm)]);
        }

        register_module("self", new NamedLayers([.. parts]));
        register_module("output", new NamedLayers(("dense", _out)));
    }

    /// <summary>[B, height·width, C] -> [B, height·width, C].</summary>
    public Tensor Run(Tensor x, long height, long width)
    {
        using var scope = NewDisposeScope();
        var source = x;
        if (_reduce is not null)
        {
            var map = x.transpose(1, 2).reshape(x.shape[0], x.shape[2], height, width);
            source = _norm!.call(_reduce.call(map).flatten(2).transpose(1, 2));
        }

        return _out.call(Attention.MultiHead(_query.call(x), _key.call(source), _value.call(source), _heads))
            .MoveToOuterDisposeScope();
    }
}
