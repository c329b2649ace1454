using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// up(relu(mid(what it sees of the hint ‖ relu(down(x))))). Source: kohya-ss/sd-scripts,
/// networks/control_net_lllite.py, LLLiteModule.
/// </summary>
internal sealed class LlliteModule : Module<Tensor, Tensor, Tensor>
{
    private readonly (string Name, ConvolutionLayer Layer)[] _conditioning;
    private readonly int _stride;
    private readonly LinearLayer _down;
    private readonly LinearLayer _mid;
    private readonly LinearLayer _up;

    public LlliteModule(LlliteModuleParams p, Placement placement)
        : base(nameof(LlliteModule))
    {
        var (whole, half, hidden) = (p.EmbeddingChannels, p.EmbeddingChannels / 2, p.HiddenChannels);
        // Kernels as large as their strides: each token sees its own square of the hint. Between them are ReLUs, which
        // take a number each.
        (int In, int Out, int Side)[] shapes = p.Level switch
        {
            0 => [(3, half, 4), (half, whole, 2)],
            1 => [(3, half, 4), (half, whole, 4)],
            2 => [(3, half, 4), (half, half, 4), (half, whole, 2)],
            _ => throw new ArgumentException($"There are no LLLite modules for level {p.Level}, only for 0 to 2."),
        };
        _stride = shapes.Aggregate(1, (stride, shape) => stride * shape.Side);
        _conditioning =
        [
            .. shapes.Select(
                (shape, index) =>
                    ($"{2 * index}", new ConvolutionLayer(shape.In, shape.Out, shape.Side, shape.Side, 0, placement))
            ),
        ];
        _down = new(p.Channels, hidden, bias: true, placement);
        _mid = new(hidden + whole, hidden, bias: true, placement);
        _up = new(hidden, p.Channels, bias: true, placement);
        register_module(
            "conditioning1",
            new NamedLayers([.. _conditioning.Select(layer => (layer.Name, (Module)layer.Layer))])
        );
        register_module("down", new NamedLayers(("0", _down)));
        register_module("mid", new NamedLayers(("0", _mid)));
        register_module("up", new NamedLayers(("0", _up)));
    }

    /// <summary>
    /// [B, 3, H, W] in -1..1 -> [B, tokens, EmbeddingChannels]. Where sides are no multiples of a token's square the
    /// last rows and columns are repeated: the UNet rounds odd sides up.
    /// </summary>
    public Tensor Embed(Tensor hint)
    {
        using var scope = NewDisposeScope();
        long Missing(int side) => (_stride - hint.shape[side] % _stride) % _stride;
        var h = (Missing(2), Missing(3)) is (0, 0)
            ? hint
            : pad(hint, [0, Missing(3), 0, Missing(2)], PaddingModes.Replicate);
        foreach (var (index, (_, layer)) in _conditioning.Index())
        {
            h = layer.call(index == 0 ? h : relu(h));
        }

        return h.flatten(2).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>x [B, L, C], what is seen of the hint [1 or B, L, E] -> [B, L, C].</summary>
    public override Tensor forward(Tensor x, Tensor embedded)
    {
        using var scope = NewDisposeScope();
        var seen = embedded.expand(x.shape[0], -1, -1);
        return _up.call(relu(_mid.call(cat([seen, relu(_down.call(x))], 2)))).MoveToOuterDisposeScope();
    }
}
