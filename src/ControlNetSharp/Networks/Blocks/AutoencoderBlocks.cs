using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// skip(x) + conv(silu(norm(conv(silu(norm(x)))))). Source: LDM diffusionmodules/model.py, ResnetBlock without time;
/// eps 1e-6.
/// </summary>
internal sealed class AutoencoderResidualBlock : Module<Tensor, Tensor>, IStripLayer
{
    public const double Epsilon = 1e-6;

    [ComponentName(Name = "norm1")]
    private readonly GroupNormLayer _normIn;

    [ComponentName(Name = "conv1")]
    private readonly ConvolutionLayer _convolutionIn;

    [ComponentName(Name = "norm2")]
    private readonly GroupNormLayer _normOut;

    [ComponentName(Name = "conv2")]
    private readonly ConvolutionLayer _convolutionOut;
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
        using var first = Convolved(_normIn, _convolutionIn, x);
        using var second = Convolved(_normOut, _convolutionOut, first);
        return (_skip?.call(x) ?? x).Plus(second).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same with no more than the input, one picture inside and the result in memory at once; without gradients.
    /// </summary>
    /// <param name="x">[B, Cin, h, w]; let go.</param>
    /// <param name="strips">How it is divided.</param>
    public Tensor ForwardInStrips(Tensor x, RowStrips strips)
    {
        using var scope = NewDisposeScope();
        using var inner = InStrips(_normIn, _convolutionIn, x, strips);
        // Without a convolution beside it the input becomes the result.
        var result = _skip is null ? x : strips.Map(x, 0, _skip.call);
        if (_skip is not null)
        {
            x.Dispose();
        }

        var (scale, shift) = _normOut.Normalisation(inner, strips);
        strips.AddTo(
            result,
            inner,
            1,
            strip => _convolutionOut.call(silu(GroupNormLayer.Normalised(strip, (scale, shift))))
        );
        return _skip is null ? result : result.MoveToOuterDisposeScope();
    }

    /// <summary>conv(silu(norm(x))); what lies between is let go at once. Fresh.</summary>
    private static Tensor Convolved(GroupNormLayer norm, ConvolutionLayer convolution, Tensor x)
    {
        using var scope = NewDisposeScope();
        return convolution.call(silu(norm.call(x))).MoveToOuterDisposeScope();
    }

    /// <summary>conv(silu(norm(x))) of a convolution that sees one row to each side; fresh.</summary>
    public static Tensor InStrips(GroupNormLayer norm, ConvolutionLayer convolution, Tensor x, RowStrips strips)
    {
        using var scope = NewDisposeScope();
        var (scale, shift) = norm.Normalisation(x, strips);
        return strips
            .Map(x, 1, strip => convolution.call(silu(GroupNormLayer.Normalised(strip, (scale, shift)))))
            .MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Self-attention of one head over the pixels, added to the input. Source: LDM diffusionmodules/model.py, AttnBlock;
/// eps 1e-6.
/// </summary>
internal sealed class AutoencoderAttention : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")]
    private readonly GroupNormLayer _norm;

    [ComponentName(Name = "q")]
    private readonly ConvolutionLayer _query;

    [ComponentName(Name = "k")]
    private readonly ConvolutionLayer _key;

    [ComponentName(Name = "v")]
    private readonly ConvolutionLayer _value;

    [ComponentName(Name = "proj_out")]
    private readonly ConvolutionLayer _out;

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
        var attended = Attention.MultiHead(
            Tokens(_query.call(h)),
            Tokens(_key.call(h)),
            Tokens(_value.call(h)),
            heads: 1
        );
        return x.Plus(_out.call(attended.transpose(1, 2).reshape(x.shape))).MoveToOuterDisposeScope();
    }

    // libtorch 2.10 writes out all products of transposed tokens: 830 MB more for a picture of 768 x 768 in bf16.
    private static Tensor Tokens(Tensor map) => map.flatten(2).transpose(1, 2).contiguous();
}

/// <summary>
/// Residual block, attention, residual block at the smallest size. Source: LDM diffusionmodules/model.py, mid.
/// </summary>
internal sealed class AutoencoderMiddle : Module<Tensor, Tensor>
{
    [ComponentName(Name = "block_1")]
    private readonly AutoencoderResidualBlock _first;

    [ComponentName(Name = "attn_1")]
    private readonly AutoencoderAttention _attention;

    [ComponentName(Name = "block_2")]
    private readonly AutoencoderResidualBlock _second;

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
