using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Attention of x over a context, which is x itself for self-attention. Source: LDM attention.py, CrossAttention
/// (queries, keys and values without bias).
/// </summary>
internal sealed class CrossAttention : Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "to_q")]
    private readonly LinearLayer _query;

    [ComponentName(Name = "to_k")]
    private readonly LinearLayer _key;

    [ComponentName(Name = "to_v")]
    private readonly LinearLayer _value;

    [ComponentName(Name = "to_out")]
    private readonly NamedLayers _out;
    private readonly int _heads;

    public CrossAttention(int channels, int contextChannels, int heads, Placement placement)
        : base(nameof(CrossAttention))
    {
        _heads = heads;
        _query = new(channels, channels, bias: false, placement);
        _key = new(contextChannels, channels, bias: false, placement);
        _value = new(contextChannels, channels, bias: false, placement);
        Output = new(channels, channels, bias: true, placement);
        _out = new(("0", Output));
        RegisterComponents();
    }

    private LinearLayer Output { get; }

    /// <summary>x [B, L, C], context [B, K, D] -> [B, L, C].</summary>
    public override Tensor forward(Tensor x, Tensor context)
    {
        using var scope = NewDisposeScope();
        var attended = Attention.MultiHead(_query.call(x), _key.call(context), _value.call(context), _heads);
        return Output.call(attended).MoveToOuterDisposeScope();
    }

    /// <summary>The same under controls.</summary>
    public Tensor Forward(Tensor x, Tensor context, AttentionControls? controls)
    {
        if (controls is null)
        {
            return call(x, context);
        }

        using var scope = NewDisposeScope();
        var inputs = controls.Into(new(x, context, context, controls.Height, controls.Width));
        var attended = controls.Attended(
            new(
                _query.call(inputs.Query),
                _key.call(inputs.Key),
                _value.call(inputs.Value),
                _heads,
                controls.Height,
                controls.Width
            )
        );
        return Output.call(attended).MoveToOuterDisposeScope();
    }
}
