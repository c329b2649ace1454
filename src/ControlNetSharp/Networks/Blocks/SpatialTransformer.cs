using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Transformer blocks over the pixels of a feature map, added to it. SD 1.x projects with 1×1 convolutions, SD 2.x and
/// XL with linear layers.
/// Source: LDM attention.py, SpatialTransformer; eps 1e-6.
/// </summary>
internal sealed class SpatialTransformer : Module<Tensor, Tensor, Tensor>
{
    private const double Epsilon = 1e-6;

    [ComponentName(Name = "norm")]
    private readonly GroupNormLayer _norm;

    [ComponentName(Name = "proj_in")]
    private readonly Module<Tensor, Tensor> _projectIn;

    [ComponentName(Name = "transformer_blocks")]
    private readonly ModuleList<TransformerBlock> _blocks;

    [ComponentName(Name = "proj_out")]
    private readonly Module<Tensor, Tensor> _projectOut;
    private readonly bool _linear;

    public SpatialTransformer(
        int channels,
        int contextChannels,
        int heads,
        int depth,
        bool linearProjections,
        int normGroups,
        Placement placement
    )
        : base(nameof(SpatialTransformer))
    {
        _linear = linearProjections;
        _norm = new(normGroups, channels, Epsilon, placement);
        _projectIn = Projection();
        _blocks = new([
            .. Enumerable
                .Range(0, depth)
                .Select(_ => new TransformerBlock(channels, contextChannels, heads, placement)),
        ]);
        _projectOut = Projection();
        RegisterComponents();

        Module<Tensor, Tensor> Projection() =>
            linearProjections
                ? new LinearLayer(channels, channels, bias: true, placement)
                : new ConvolutionLayer(channels, channels, 1, 1, 0, placement);
    }

    /// <summary>x [B, C, h, w], context [B, K, D] -> [B, C, h, w].</summary>
    public override Tensor forward(Tensor x, Tensor context) => Forward(x, context, null);

    /// <summary>The same under controls.</summary>
    public Tensor Forward(Tensor x, Tensor context, StageControls? controls)
    {
        using var scope = NewDisposeScope();
        var h = controls?.Normed(x, _norm.call) ?? _norm.call(x);
        var tokens = _linear ? _projectIn.call(ToTokens(h)) : ToTokens(_projectIn.call(h));
        foreach (var (index, block) in _blocks.Index())
        {
            tokens = block.Forward(tokens, context, controls?.Of(index, x));
        }

        var y = _linear ? ToMap(_projectOut.call(tokens), x) : _projectOut.call(ToMap(tokens, x));
        return x.Plus(y).MoveToOuterDisposeScope();
    }

    private static Tensor ToTokens(Tensor map) => map.flatten(2).transpose(1, 2);

    private static Tensor ToMap(Tensor tokens, Tensor like) =>
        tokens.transpose(1, 2).reshape(like.shape[0], tokens.shape[2], like.shape[2], like.shape[3]);
}
