using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// A block of a <see cref="ControlNetUnion"/>'s transformer: x + attention(norm(x)), then x + mlp(norm(x)). The
/// original's attention was made for another order of dimensions than it gets: it never joins tokens of one picture,
/// only the same token of several pictures in a batch. Here a picture is the same alone and in a batch, so each token
/// sees itself alone, and the attention is its value: out(V·x).
/// Source: xinsir6/ControlNetPlus, models/controlnet_union.py, ResidualAttentionBlock.
/// </summary>
internal sealed class TokenBlock : Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-5;
    private const double QuickGelu = 1.702;

    private readonly TokenAttention _attention;
    private readonly LayerNormLayer _firstNorm;
    private readonly LayerNormLayer _secondNorm;
    private readonly LinearLayer _wide;
    private readonly LinearLayer _narrow;

    public TokenBlock(int channels, Placement placement)
        : base(nameof(TokenBlock))
    {
        _attention = new(channels, placement);
        _firstNorm = new(channels, Epsilon, placement);
        _secondNorm = new(channels, Epsilon, placement);
        _wide = new(channels, channels * 4, bias: true, placement);
        _narrow = new(channels * 4, channels, bias: true, placement);
        register_module("attn", _attention);
        register_module("ln_1", _firstNorm);
        register_module("mlp", new NamedLayers(("c_fc", _wide), ("c_proj", _narrow)));
        register_module("ln_2", _secondNorm);
    }

    /// <summary>[B, C] -> [B, C].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x.Plus(_attention.call(_firstNorm.call(x)));
        var wide = _wide.call(_secondNorm.call(h));
        return h.Plus(_narrow.call(wide * wide.Times(QuickGelu).sigmoid())).MoveToOuterDisposeScope();
    }
}

/// <summary>The value and the output of an attention over one token. Queries and keys are in the files, too.</summary>
internal sealed class TokenAttention : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "in_proj_weight")]
    private Parameter _inWeight;

    [ComponentName(Name = "in_proj_bias")]
    private Parameter _inBias;
#pragma warning restore IDE0044, RCS1169

    [ComponentName(Name = "out_proj")]
    private readonly LinearLayer _out;
    private readonly int _channels;

    public TokenAttention(int channels, Placement placement)
        : base(nameof(TokenAttention))
    {
        _channels = channels;
        _inWeight = LayerMemory.Empty(placement, channels * 3, channels);
        _inBias = LayerMemory.Empty(placement, channels * 3);
        _out = new(channels, channels, bias: true, placement);
        RegisterComponents();
    }

    /// <summary>[B, C] -> [B, C].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        // Rows of queries, keys and values follow one another.
        Tensor Values(Tensor all) => all.narrow(0, 2L * _channels, _channels).to(x.dtype);
        return _out.call(linear(x, Values(_inWeight), Values(_inBias))).MoveToOuterDisposeScope();
    }
}
