using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Upscalers;

/// <summary>
/// ESRGAN and Real-ESRGAN: residual-in-residual dense blocks at the size of the picture, then nearest-neighbour
/// doublings with convolutions. Names are Real-ESRGAN's. Source: Wang et al. 2018, arXiv:1809.00219; Wang et al. 2021,
/// arXiv:2107.10833; XPixelGroup/BasicSR, archs/rrdbnet_arch.py.
/// </summary>
internal sealed class RrdbNetwork : UpscalerNetwork
{
    /// <summary>Slope of LeakyReLU below 0.</summary>
    internal const double Slope = 0.2;

    /// <summary>What residuals are multiplied by, in each dense block and again around three of them.</summary>
    internal const double ResidualScale = 0.2;

    [ComponentName(Name = "conv_first")]
    private readonly ConvolutionLayer _first;

    [ComponentName(Name = "body")]
    private readonly ModuleList<ResidualDenseGroup> _body;

    [ComponentName(Name = "conv_body")]
    private readonly ConvolutionLayer _afterBody;
    private readonly List<ConvolutionLayer> _doublings = [];

    [ComponentName(Name = "conv_hr")]
    private readonly ConvolutionLayer _large;

    [ComponentName(Name = "conv_last")]
    private readonly ConvolutionLayer _last;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public RrdbNetwork(RrdbParams p, Placement placement)
        : base(nameof(RrdbNetwork))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        ConvolutionLayer Convolution(int inputs, int outputs) => new(inputs, outputs, 3, 1, 1, placement);
        _first = Convolution(3 * p.Unshuffle * p.Unshuffle, p.Features);
        _body = new ModuleList<ResidualDenseGroup>([
            .. Enumerable.Range(0, p.Blocks).Select(_ => new ResidualDenseGroup(p.Features, p.Growth, placement)),
        ]);
        _afterBody = Convolution(p.Features, p.Features);
        _large = Convolution(p.Features, p.Features);
        _last = Convolution(p.Features, 3);
        RegisterComponents();
        for (var number = 1; number <= p.Doublings; number++)
        {
            var doubling = Convolution(p.Features, p.Features);
            register_module($"conv_up{number}", doubling);
            _doublings.Add(doubling);
        }
    }

    /// <summary>The network's shape.</summary>
    public RrdbParams Params { get; }

    /// <inheritdoc/>
    public override int Scale => Params.Scale;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var scope = NewDisposeScope();
        var (height, width) = (picture.shape[2], picture.shape[3]);
        var shallow = _first.call(pixel_unshuffle(Padded(picture), Params.Unshuffle));
        var h = shallow.alias();
        foreach (var group in _body)
        {
            var inner = group.call(h);
            h.Dispose();
            h = inner;
        }

        h = shallow.Plus(_afterBody.call(h));
        foreach (var doubling in _doublings)
        {
            h = leaky_relu(doubling.call(Doubled(h)), Slope);
        }

        var large = _last.call(leaky_relu(_large.call(h), Slope));
        return large.narrow(2, 0, height * Scale).narrow(3, 0, width * Scale).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Sides that cannot be divided into squares get more rows and columns, mirrored.</summary>
    private Tensor Padded(Tensor picture)
    {
        long Missing(int side) => (Params.Unshuffle - picture.shape[side] % Params.Unshuffle) % Params.Unshuffle;
        var (down, right) = (Missing(2), Missing(3));
        // A mirror needs as many rows before the border.
        var mode =
            picture.shape[2] > down && picture.shape[3] > right ? PaddingModes.Reflect : PaddingModes.Replicate;
        return (down, right) is (0, 0) ? picture : pad(picture, [0, right, 0, down], mode);
    }

    private static Tensor Doubled(Tensor x) =>
        interpolate(x, size: [2 * x.shape[2], 2 * x.shape[3]], mode: InterpolationMode.Nearest);
}

/// <summary>x + 0.2 · three dense blocks(x).</summary>
internal sealed class ResidualDenseGroup : Module<Tensor, Tensor>
{
    [ComponentName(Name = "rdb1")]
    private readonly ResidualDenseBlock _first;

    [ComponentName(Name = "rdb2")]
    private readonly ResidualDenseBlock _second;

    [ComponentName(Name = "rdb3")]
    private readonly ResidualDenseBlock _third;

    public ResidualDenseGroup(int features, int growth, Placement placement)
        : base(nameof(ResidualDenseGroup))
    {
        _first = new(features, growth, placement);
        _second = new(features, growth, placement);
        _third = new(features, growth, placement);
        RegisterComponents();
    }

    /// <summary>[B, C, h, w] -> [B, C, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = _third.call(_second.call(_first.call(x)));
        return x.Plus(h.Times(RrdbNetwork.ResidualScale)).MoveToOuterDisposeScope();
    }
}

/// <summary>Five convolutions, each of which sees what all before it gave; x + 0.2 · the last one.</summary>
internal sealed class ResidualDenseBlock : Module<Tensor, Tensor>
{
    private const int Convolutions = 5;
    private readonly List<ConvolutionLayer> _convolutions = [];

    public ResidualDenseBlock(int features, int growth, Placement placement)
        : base(nameof(ResidualDenseBlock))
    {
        for (var index = 0; index < Convolutions; index++)
        {
            var outputs = index + 1 < Convolutions ? growth : features;
            var convolution = new ConvolutionLayer(features + index * growth, outputs, 3, 1, 1, placement);
            register_module($"conv{index + 1}", convolution);
            _convolutions.Add(convolution);
        }
    }

    /// <summary>[B, C, h, w] -> [B, C, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var seen = x;
        foreach (var convolution in _convolutions.SkipLast(1))
        {
            seen = cat([seen, leaky_relu(convolution.call(seen), RrdbNetwork.Slope)], 1);
        }

        return x.Plus(_convolutions[^1].call(seen).Times(RrdbNetwork.ResidualScale)).MoveToOuterDisposeScope();
    }
}
