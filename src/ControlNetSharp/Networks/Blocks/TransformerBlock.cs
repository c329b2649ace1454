using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Self-attention, attention over the context, feed-forward, each on the normalised input and added to it. Source: LDM
/// attention.py, BasicTransformerBlock; eps 1e-5.
/// </summary>
internal sealed class TransformerBlock : Module<Tensor, Tensor, Tensor>
{
    private const double Epsilon = 1e-5;

    [ComponentName(Name = "attn1")]
    private readonly CrossAttention _self;

    [ComponentName(Name = "attn2")]
    private readonly CrossAttention _cross;

    [ComponentName(Name = "ff")]
    private readonly FeedForward _feedForward;

    [ComponentName(Name = "norm1")]
    private readonly LayerNormLayer _normSelf;

    [ComponentName(Name = "norm2")]
    private readonly LayerNormLayer _normCross;

    [ComponentName(Name = "norm3")]
    private readonly LayerNormLayer _normFeedForward;

    public TransformerBlock(int channels, int contextChannels, int heads, Placement placement)
        : base(nameof(TransformerBlock))
    {
        _self = new(channels, channels, heads, placement);
        _cross = new(channels, contextChannels, heads, placement);
        _feedForward = new(channels, placement);
        _normSelf = new(channels, Epsilon, placement);
        _normCross = new(channels, Epsilon, placement);
        _normFeedForward = new(channels, Epsilon, placement);
        RegisterComponents();
    }

    /// <summary>x [B, L, C], context [B, K, D] -> [B, L, C].</summary>
    public override Tensor forward(Tensor x, Tensor context) => Forward(x, context, null);

    /// <summary>The same under controls.</summary>
    public Tensor Forward(Tensor x, Tensor context, AttentionControls? controls)
    {
        using var scope = NewDisposeScope();
        var normed = _normSelf.call(x);
        var h = x.Plus(_self.Forward(normed, normed, controls));
        h = h.Plus(_cross.Forward(_normCross.call(h), context, controls?.ToText));
        return h.Plus(_feedForward.call(_normFeedForward.call(h))).MoveToOuterDisposeScope();
    }
}
