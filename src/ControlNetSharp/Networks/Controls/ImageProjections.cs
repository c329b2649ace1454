using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Controls;

/// <summary>The embedding of a picture [B, Width] to a few tokens [B, K, D]: base IP-Adapters.</summary>
internal sealed class LinearProjection : Module<Tensor, Tensor>
{
    [ComponentName(Name = "proj")]
    private readonly LinearLayer _projection;

    [ComponentName(Name = "norm")]
    private readonly LayerNormLayer _norm;
    private readonly int _tokens;

    public LinearProjection(LinearProjectionParams p, int contextChannels, Placement placement)
        : base(nameof(LinearProjection))
    {
        _tokens = p.Tokens;
        _projection = new(p.Width, p.Tokens * contextChannels, bias: true, placement);
        _norm = new(contextChannels, Resampler.Epsilon, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor embedding)
    {
        using var scope = NewDisposeScope();
        var tokens = _projection.call(embedding).reshape(embedding.shape[0], _tokens, -1);
        return _norm.call(tokens).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// The encoder's tokens [B, L, Width] to as many of the text's width: ip-adapter-full-face. Source: diffusers,
/// IPAdapterFullImageProjection.
/// </summary>
internal sealed class TokenProjection : Module<Tensor, Tensor>
{
    private readonly LinearLayer _in;
    private readonly LinearLayer _out;
    private readonly LayerNormLayer _norm;

    public TokenProjection(TokenProjectionParams p, int contextChannels, Placement placement)
        : base(nameof(TokenProjection))
    {
        _in = new(p.Width, p.InnerWidth, bias: true, placement);
        _out = new(p.InnerWidth, contextChannels, bias: true, placement);
        _norm = new(contextChannels, Resampler.Epsilon, placement);
        register_module("proj", new NamedLayers(("0", _in), ("2", _out), ("3", _norm)));
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        return _norm.call(_out.call(functional.gelu(_in.call(tokens)))).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Learned queries that attend to the encoder's tokens [B, L, Width] and so become tokens [B, K, D]: IP-Adapter Plus.
/// Source: tencent-ailab/IP-Adapter, ip_adapter/resampler.py; Alayrac et al. 2022, arXiv:2204.14198.
/// </summary>
internal sealed class Resampler : Module<Tensor, Tensor>
{
    /// <summary>Epsilon of all layer norms of IP-Adapters.</summary>
    public const double Epsilon = 1e-5;

#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces it when a module moves.
    [ComponentName(Name = "latents")]
    private Parameter _queries;
#pragma warning restore IDE0044, RCS1169

    [ComponentName(Name = "proj_in")]
    private readonly LinearLayer _in;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<ResamplerBlock> _blocks;

    [ComponentName(Name = "proj_out")]
    private readonly LinearLayer _out;

    [ComponentName(Name = "norm_out")]
    private readonly LayerNormLayer _norm;

    public Resampler(ResamplerParams p, int contextChannels, Placement placement)
        : base(nameof(Resampler))
    {
        _queries = LayerMemory.Empty(placement, 1, p.Queries, p.Channels);
        _in = new(p.Width, p.Channels, bias: true, placement);
        _blocks = new ModuleList<ResamplerBlock>([
            .. Enumerable.Range(0, p.Layers).Select(_ => new ResamplerBlock(p, placement)),
        ]);
        _out = new(p.Channels, contextChannels, bias: true, placement);
        _norm = new(contextChannels, Epsilon, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var seen = _in.call(tokens);
        var h = _blocks.Aggregate(
            _queries.to(seen.dtype).expand(tokens.shape[0], -1, -1),
            (queries, block) => block.call(seen, queries)
        );
        return _norm.call(_out.call(h)).MoveToOuterDisposeScope();
    }
}

/// <summary>Attention to the picture and to the queries themselves, then a feed-forward part, each added.</summary>
internal sealed class ResamplerBlock : Module<Tensor, Tensor, Tensor>
{
    private readonly LayerNormLayer _pictureNorm;
    private readonly LayerNormLayer _queryNorm;
    private readonly LinearLayer _query;
    private readonly LinearLayer _keyValue;
    private readonly LinearLayer _out;
    private readonly LayerNormLayer _norm;
    private readonly LinearLayer _widen;
    private readonly LinearLayer _narrow;
    private readonly int _heads;

    public ResamplerBlock(ResamplerParams p, Placement placement)
        : base(nameof(ResamplerBlock))
    {
        _heads = p.Heads;
        _pictureNorm = new(p.Channels, Resampler.Epsilon, placement);
        _queryNorm = new(p.Channels, Resampler.Epsilon, placement);
        _query = new(p.Channels, p.AttentionWidth, bias: false, placement);
        _keyValue = new(p.Channels, 2 * p.AttentionWidth, bias: false, placement);
        _out = new(p.AttentionWidth, p.Channels, bias: false, placement);
        _norm = new(p.Channels, Resampler.Epsilon, placement);
        _widen = new(p.Channels, p.InnerWidth, bias: false, placement);
        _narrow = new(p.InnerWidth, p.Channels, bias: false, placement);
        register_module(
            "0",
            new NamedLayers(
                ("norm1", _pictureNorm),
                ("norm2", _queryNorm),
                ("to_q", _query),
                ("to_kv", _keyValue),
                ("to_out", _out)
            )
        );
        register_module("1", new NamedLayers(("0", _norm), ("1", _widen), ("3", _narrow)));
    }

    /// <summary>The picture's tokens [B, L, C] and the queries [B, K, C] -> [B, K, C].</summary>
    public override Tensor forward(Tensor picture, Tensor queries)
    {
        using var scope = NewDisposeScope();
        var own = _queryNorm.call(queries);
        var pair = _keyValue.call(cat([_pictureNorm.call(picture), own], 1)).chunk(2, -1);
        var h = queries.Plus(_out.call(Attention.MultiHead(_query.call(own), pair[0], pair[1], _heads)));
        return h.Plus(_narrow.call(functional.gelu(_widen.call(_norm.call(h))))).MoveToOuterDisposeScope();
    }
}
