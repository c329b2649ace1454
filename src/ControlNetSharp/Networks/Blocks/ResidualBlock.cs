using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// skip(x) + conv(silu(norm(conv(silu(norm(x))) + linear(silu(time))))). Source: LDM openaimodel.py, ResBlock; eps
/// 1e-5.
/// </summary>
internal sealed class ResidualBlock : Module<Tensor, Tensor, Tensor>
{
    private const double Epsilon = 1e-5;
    private readonly GroupNormLayer _normIn;
    private readonly ConvolutionLayer _convolutionIn;
    private readonly LinearLayer _time;
    private readonly GroupNormLayer _normOut;
    private readonly ConvolutionLayer _convolutionOut;
    private readonly ConvolutionLayer? _skip;

    public ResidualBlock(int channelsIn, int channelsOut, int timeChannels, int normGroups, Placement placement)
        : base(nameof(ResidualBlock))
    {
        _normIn = new(normGroups, channelsIn, Epsilon, placement);
        _convolutionIn = new(channelsIn, channelsOut, 3, 1, 1, placement);
        _time = new(timeChannels, channelsOut, bias: true, placement);
        _normOut = new(normGroups, channelsOut, Epsilon, placement);
        _convolutionOut = new(channelsOut, channelsOut, 3, 1, 1, placement);
        register_module("in_layers", new NamedLayers(("0", _normIn), ("2", _convolutionIn)));
        register_module("emb_layers", new NamedLayers(("1", _time)));
        register_module("out_layers", new NamedLayers(("0", _normOut), ("3", _convolutionOut)));
        if (channelsIn != channelsOut)
        {
            _skip = new(channelsIn, channelsOut, 1, 1, 0, placement);
            register_module("skip_connection", _skip);
        }
    }

    /// <summary>x [B, Cin, h, w] and the time embedding [B, T] -> [B, Cout, h, w].</summary>
    public override Tensor forward(Tensor x, Tensor timeEmbedding) => Forward(x, timeEmbedding, null);

    /// <summary>The same under controls.</summary>
    public Tensor Forward(Tensor x, Tensor timeEmbedding, StageControls? controls)
    {
        using var scope = NewDisposeScope();
        Tensor Normed(GroupNormLayer norm, Tensor seen) => controls?.Normed(seen, norm.call) ?? norm.call(seen);
        var h = _convolutionIn.call(silu(Normed(_normIn, x)));
        h = h.Plus(_time.call(silu(timeEmbedding)).unsqueeze(-1).unsqueeze(-1));
        h = _convolutionOut.call(silu(Normed(_normOut, h)));
        return (_skip?.call(x) ?? x).Plus(h).MoveToOuterDisposeScope();
    }
}
