using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>skip(x) + conv(silu(norm(conv(silu(norm(x)))))). Source: LDM diffusionmodules/model.py, ResnetBlock without time; eps 1e-6.</summary>
internal sealed class AutoencoderResidualBlock : Module<Tensor, Tensor>
{
    public const double Epsilon = 1e-6;
    [ComponentName(Name = "norm1")] private readonly GroupNormLayer _normIn;
    [ComponentName(Name = "conv1")] private readonly ConvolutionLayer _convolutionIn;
    [ComponentName(Name = "norm2")] private readonly GroupNormLayer _normOut;
    [ComponentName(Name = "conv2")] private readonly ConvolutionLayer _convolutionOut;
    private readonly ConvolutionLayer? _skip;

    public AutoencoderResidualBlock(int channelsIn, int channelsOut, int normGroups, Placement placement)
        : base(nameof(AutoencoderResidualBlock))
    {
        _normIn = new(normGroups, channelsIn, Epsilon, placement);
        _convolutionIn = new(channelsIn, channelsOut, 3, 1, 1, placement);
        _normOut = new(normGroups, channelsOut, Epsilon, placement);
        _convolutionOut = new(channelsOut, channelsOut, 3, 1, 1, placement);
        RegisterComponents();
        if (channelsIn != channelsOut)
        {
            _skip = new(channelsIn, channelsOut, 1, 1, 0, placement);
            register_module("nin_shortcut", _skip);
        }
    }

    /// <summary>[B, Cin, h, w] -> [B, Cout, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = _convolutionIn.call(silu(_normIn.call(x)));
        h = _convolutionOut.call(silu(_normOut.call(h)));
        return (_skip?.call(x) ?? x).Plus(h).MoveToOuterDisposeScope();
    }
}

/// <summary>Self-attention of one head over the pixels, added to the input. Source: LDM diffusionmodules/model.py, AttnBlock; eps 1e-6.</summary>
internal sealed class AutoencoderAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")] private readonly GroupNormLayer _norm;
    [ComponentName(Name = "q")] private readonly ConvolutionLayer _query;
    [ComponentName(Name = "k")] private readonly ConvolutionLayer _key;
    [ComponentName(Name = "v")] private readonly ConvolutionLayer _value;
    [ComponentName(Name = "proj_out")] private readonly ConvolutionLayer _out;

    public AutoencoderAttention(int channels, int normGroups, Placement placement)
        : base(nameof(AutoencoderAttention))
    {
        _norm = new(normGroups, channels, AutoencoderResidualBlock.Epsilon, placement);
        _query = new(channels, channels, 1, 1, 0, placement);
        _key = new(channels, channels, 1, 1, 0, placement);
        _value = new(channels, channels, 1, 1, 0, placement);
        _out = new(channels, channels, 1, 1, 0, placement);
        RegisterComponents();
    }

    /// <summary>[B, C, h, w] -> [B, C, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = _norm.call(x);
        var attended = Attention.MultiHead(Tokens(_query.call(h)), Tokens(_key.call(h)), Tokens(_value.call(h)), heads: 1);
        return x.Plus(_out.call(attended.transpose(1, 2).reshape(x.shape))).MoveToOuterDisposeScope();
    }

    private static Tensor Tokens(Tensor map) => map.flatten(2).transpose(1, 2);
}

/// <summary>Residual block, attention, residual block at the smallest size. Source: LDM diffusionmodules/model.py, mid.</summary>
internal sealed class AutoencoderMiddle : Module<Tensor, Tensor>
{
    [ComponentName(Name = "block_1")] private readonly AutoencoderResidualBlock _first;
    [ComponentName(Name = "attn_1")] private readonly AutoencoderAttention _attention;
    [ComponentName(Name = "block_2")] private readonly AutoencoderResidualBlock _second;

    public AutoencoderMiddle(int channels, int normGroups, Placement placement)
        : base(nameof(AutoencoderMiddle))
    {
        _first = new(channels, channels, normGroups, placement);
        _attention = new(channels, normGroups, placement);
        _second = new(channels, channels, normGroups, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _second.call(_attention.call(_first.call(x))).MoveToOuterDisposeScope();
    }
}
