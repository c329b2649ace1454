using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// x + attention(norm(x)), then x + mlp(norm(x)) with the exact GELU: [B, tokens, width]. Names are timm's. Source:
/// Dosovitskiy et al. 2020, arXiv:2010.11929; timm models/vision_transformer.py, Block.
/// </summary>
internal sealed class VisionTransformerBlock : Module<Tensor, Tensor>
{
    /// <summary>Epsilon of all layer norms of the transformer.</summary>
    public const double Epsilon = 1e-6;

    private const int MlpRatio = 4;
    private readonly LayerNormLayer _norm1;
    private readonly LayerNormLayer _norm2;
    private readonly LinearLayer _qkv;
    private readonly LinearLayer _projection;
    private readonly LinearLayer _fc1;
    private readonly LinearLayer _fc2;
    private readonly int _heads;

    public VisionTransformerBlock(int width, int heads, Placement placement)
        : base(nameof(VisionTransformerBlock))
    {
        _heads = heads;
        (_norm1, _norm2) = (new(width, Epsilon, placement), new(width, Epsilon, placement));
        (_qkv, _projection) = (new(width, 3 * width, bias: true, placement), new(width, width, bias: true, placement));
        (_fc1, _fc2) = (
            new(width, MlpRatio * width, bias: true, placement),
            new(MlpRatio * width, width, bias: true, placement)
        );
        register_module("norm1", _norm1);
        register_module("attn", new NamedLayers(("qkv", _qkv), ("proj", _projection)));
        register_module("norm2", _norm2);
        register_module("mlp", new NamedLayers(("fc1", _fc1), ("fc2", _fc2)));
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var parts = _qkv.call(_norm1.call(x)).chunk(3, -1);
        var h = x.Plus(_projection.call(Attention.MultiHead(parts[0], parts[1], parts[2], _heads)));
        return h.Plus(_fc2.call(gelu(_fc1.call(_norm2.call(h))))).MoveToOuterDisposeScope();
    }
}
