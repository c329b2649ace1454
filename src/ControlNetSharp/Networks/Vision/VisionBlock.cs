using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Vision;

/// <summary>
/// Self-attention over all tokens, then a feed-forward part, each on the normalised input and added to it. Source:
/// transformers 4.42, CLIPEncoderLayer.
/// </summary>
internal sealed class VisionBlock : Module<Tensor, Tensor>
{
    private const double QuickSlope = 1.702;

    [ComponentName(Name = "layer_norm1")]
    private readonly LayerNormLayer _firstNorm;

    [ComponentName(Name = "self_attn")]
    private readonly ClipAttention _attention;

    [ComponentName(Name = "layer_norm2")]
    private readonly LayerNormLayer _secondNorm;

    [ComponentName(Name = "mlp")]
    private readonly NamedLayers _mlp;
    private readonly bool _isQuick;

    public VisionBlock(ClipVisionParams p, Placement placement)
        : base(nameof(VisionBlock))
    {
        _isQuick = p.IsQuick;
        _firstNorm = new(p.Width, ClipVision.NormEpsilon, placement);
        _attention = new(p.Width, p.Heads, isCausal: false, placement);
        _secondNorm = new(p.Width, ClipVision.NormEpsilon, placement);
        Widen = new(p.Width, p.InnerWidth, bias: true, placement);
        Narrow = new(p.InnerWidth, p.Width, bias: true, placement);
        _mlp = new(("fc1", Widen), ("fc2", Narrow));
        RegisterComponents();
    }

    private LinearLayer Widen { get; }

    private LinearLayer Narrow { get; }

    /// <summary>[B, L, Width] -> the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x.Plus(_attention.call(_firstNorm.call(x)));
        var wide = Widen.call(_secondNorm.call(h));
        var active = _isQuick ? wide * wide.Times(QuickSlope).sigmoid() : functional.gelu(wide);
        return h.Plus(Narrow.call(active)).MoveToOuterDisposeScope();
    }
}
