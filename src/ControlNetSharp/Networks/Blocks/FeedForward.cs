using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// W₂·(a ⊙ gelu(b)) with [a, b] = W₁·x and the exact (erf) GELU. Source: LDM attention.py, FeedForward with GEGLU;
/// Shazeer 2020, arXiv:2002.05202.
/// </summary>
internal sealed class FeedForward : Module<Tensor, Tensor>
{
    private readonly LinearLayer _in;
    private readonly LinearLayer _out;

    public FeedForward(int channels, Placement placement)
        : base(nameof(FeedForward))
    {
        _in = new(channels, channels * 8, bias: true, placement);
        _out = new(channels * 4, channels, bias: true, placement);
        register_module("net", new NamedLayers(("0", new NamedLayers(("proj", _in))), ("2", _out)));
    }

    /// <summary>[B, L, C] -> [B, L, C].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var halves = _in.call(x).chunk(2, -1);
        return _out.call(halves[0] * gelu(halves[1])).MoveToOuterDisposeScope();
    }
}
