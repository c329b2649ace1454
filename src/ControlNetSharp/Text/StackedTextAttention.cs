using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Text;

/// <summary>
/// Self-attention to earlier positions as in <see cref="ClipAttention"/>, with queries, keys and values stacked in one
/// matrix, in this order. Names: torch.nn.MultiheadAttention, which OpenCLIP uses.
/// </summary>
internal sealed class StackedTextAttention : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "in_proj_weight")]
    private Parameter _weight;

    [ComponentName(Name = "in_proj_bias")]
    private Parameter _bias;
#pragma warning restore IDE0044, RCS1169
    [ComponentName(Name = "out_proj")]
    private readonly LinearLayer _out;
    private readonly int _heads;

    public StackedTextAttention(int width, int heads, Placement placement)
        : base(nameof(StackedTextAttention))
    {
        _heads = heads;
        _weight = LayerMemory.Empty(placement, 3 * width, width);
        _bias = LayerMemory.Empty(placement, 3 * width);
        _out = new(width, width, bias: true, placement);
        RegisterComponents();
    }

    /// <summary>[B, L, Width] -> the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var parts = functional.linear(x, _weight.to(x.dtype), _bias.to(x.dtype)).chunk(3, -1);
        return _out.call(Attention.MultiHead(parts[0], parts[1], parts[2], _heads, causal: true))
            .MoveToOuterDisposeScope();
    }
}
