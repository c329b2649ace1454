using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Text;

/// <summary>What the parts of a block are called in checkpoints.</summary>
internal sealed record TextBlockNames(
    string FirstNorm,
    string Attention,
    string SecondNorm,
    string FeedForward,
    string Widen,
    string Narrow
);

/// <summary>
/// Causal self-attention, then a feed-forward part, each on the normalised input and added to it. Source: CLIP
/// clip/model.py, ResidualAttentionBlock; eps 1e-5.
/// </summary>
internal sealed class TextBlock : Module<Tensor, Tensor>
{
    /// <summary>Epsilon of every layer norm in CLIP.</summary>
    public const double NormEpsilon = 1e-5;

    private const int FeedForwardRatio = 4;
    private const double QuickGeluSlope = 1.702;

    private readonly TextActivation _activation;

    public TextBlock(TextEncoderParams p, TextBlockNames names, Module<Tensor, Tensor> attention, Placement placement)
        : base(nameof(TextBlock))
    {
        _activation = p.Activation;
        FirstNorm = new(p.Width, NormEpsilon, placement);
        Attention = attention;
        SecondNorm = new(p.Width, NormEpsilon, placement);
        Widen = new(p.Width, p.Width * FeedForwardRatio, bias: true, placement);
        Narrow = new(p.Width * FeedForwardRatio, p.Width, bias: true, placement);
        register_module(names.FirstNorm, FirstNorm);
        register_module(names.Attention, attention);
        register_module(names.SecondNorm, SecondNorm);
        register_module(names.FeedForward, new NamedLayers((names.Widen, Widen), (names.Narrow, Narrow)));
    }

    private LayerNormLayer FirstNorm { get; }

    private Module<Tensor, Tensor> Attention { get; }

    private LayerNormLayer SecondNorm { get; }

    private LinearLayer Widen { get; }

    private LinearLayer Narrow { get; }

    /// <summary>[B, L, Width] -> the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x.Plus(Attention.call(FirstNorm.call(x)));
        return h.Plus(Narrow.call(Activate(Widen.call(SecondNorm.call(h))))).MoveToOuterDisposeScope();
    }

    private Tensor Activate(Tensor x) =>
        _activation == TextActivation.Gelu ? functional.gelu(x) : x * x.Times(QuickGeluSlope).sigmoid();
}
