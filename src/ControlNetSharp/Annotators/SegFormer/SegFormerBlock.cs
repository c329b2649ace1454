using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.SegFormer;

/// <summary>
/// x + attention(norm(x)), then x + dense(gelu(depthwise(dense(norm(x))))). Source: transformers 4.42,
/// models/segformer, SegformerLayer.
/// </summary>
internal sealed class SegFormerBlock : Module
{
    /// <summary>Epsilon of all layer norms: transformers ignores the 1e-6 of its own configuration.</summary>
    public const double Epsilon = 1e-5;

    private readonly LayerNormLayer _norm1;
    private readonly LayerNormLayer _norm2;
    private readonly LinearLayer _dense1;
    private readonly LinearLayer _dense2;
    private readonly ConvolutionLayer _depthwise;

    public SegFormerBlock(SegFormerStageParams p, Placement placement)
        : base(nameof(SegFormerBlock))
    {
        (_norm1, _norm2, Attention) = (
            new(p.Channels, Epsilon, placement),
            new(p.Channels, Epsilon, placement),
            new(p, placement)
        );
        _dense1 = new(p.Channels, p.MlpWidth, bias: true, placement);
        _depthwise = new(p.MlpWidth, p.MlpWidth, 3, 1, 1, placement, groups: p.MlpWidth);
        _dense2 = new(p.MlpWidth, p.Channels, bias: true, placement);
        register_module("layer_norm_1", _norm1);
        register_module("attention", Attention);
        register_module("layer_norm_2", _norm2);
        register_module(
            "mlp",
            new NamedLayers(
                ("dense1", _dense1),
                ("dwconv", new NamedLayers(("dwconv", _depthwise))),
                ("dense2", _dense2)
            )
        );
    }

    internal SegFormerAttention Attention { get; }

    /// <summary>[B, height·width, C] -> [B, height·width, C].</summary>
    public Tensor Run(Tensor x, long height, long width)
    {
        using var scope = NewDisposeScope();
        var h = x.Plus(Attend(x, height, width));
        var wide = _dense1.call(_norm2.call(h));
        var mixed = _depthwise
            .call(wide.transpose(1, 2).reshape(wide.shape[0], wide.shape[2], height, width))
            .flatten(2)
            .transpose(1, 2);
        return h.Plus(_dense2.call(gelu(mixed))).MoveToOuterDisposeScope();
    }

    /// <summary>attention(norm(x)).</summary>
    internal Tensor Attend(Tensor x, long height, long width)
    {
        using var scope = NewDisposeScope();
        return Attention.Run(_norm1.call(x), height, width).MoveToOuterDisposeScope();
    }
}
