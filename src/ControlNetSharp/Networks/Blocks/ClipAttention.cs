using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Self-attention of CLIP's texts and pictures, with one layer each for queries, keys and values. Names: transformers,
/// CLIPAttention.
/// </summary>
internal sealed class ClipAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "q_proj")]
    private readonly LinearLayer _query;

    [ComponentName(Name = "k_proj")]
    private readonly LinearLayer _key;

    [ComponentName(Name = "v_proj")]
    private readonly LinearLayer _value;

    [ComponentName(Name = "out_proj")]
    private readonly LinearLayer _out;
    private readonly int _heads;
    private readonly bool _isCausal;

    /// <param name="width">Channels.</param>
    /// <param name="heads">Heads; they divide the channels.</param>
    /// <param name="isCausal">Whether a position sees earlier ones only, as in texts.</param>
    /// <param name="placement">Where it is to be.</param>
    public ClipAttention(int width, int heads, bool isCausal, Placement placement)
        : base(nameof(ClipAttention))
    {
        (_heads, _isCausal) = (heads, isCausal);
        _query = new(width, width, bias: true, placement);
        _key = new(width, width, bias: true, placement);
        _value = new(width, width, bias: true, placement);
        _out = new(width, width, bias: true, placement);
        RegisterComponents();
    }

    /// <summary>[B, L, Width] -> the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _out.call(Attention.MultiHead(_query.call(x), _key.call(x), _value.call(x), _heads, _isCausal))
            .MoveToOuterDisposeScope();
    }
}
