using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// The residual blocks of a <see cref="T2IAdapter"/> that work at one size. Light ones narrow the channels for them.
/// </summary>
internal sealed class AdapterStage : Module<Tensor, Tensor>
{
    [ComponentName(Name = "in_conv")]
    private readonly ConvolutionLayer? _in;

    [ComponentName(Name = "resnets")]
    private readonly ModuleList<AdapterBlock> _blocks;

    [ComponentName(Name = "out_conv")]
    private readonly ConvolutionLayer? _out;
    private readonly bool _halves;

    public AdapterStage(int inputs, int? inner, int outputs, int blocks, bool halves, Placement placement)
        : base(nameof(AdapterStage))
    {
        var width = inner ?? outputs;
        _halves = halves;
        _in = inputs == width && inner is null ? null : new(inputs, width, 1, 1, 0, placement);
        _blocks = new ModuleList<AdapterBlock>([
            .. Enumerable.Range(0, blocks).Select(_ => new AdapterBlock(width, inner is null ? 1 : 3, placement)),
        ]);
        _out = inner is null ? null : new(width, outputs, 1, 1, 0, placement);
        RegisterComponents();
    }

    /// <summary>[B, Cin, h, w] -> [B, Cout, h', w'].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        // Rounded up as the UNet's convolutions of stride 2 do; the original rounds down, which fits no UNet.
        var h = _halves ? avg_pool2d(x, 2, 2, ceil_mode: true) : x;
        h = _in is null ? h : _in.call(h);
        foreach (var block in _blocks)
        {
            h = block.call(h);
        }

        return (_out is null ? h.alias() : _out.call(h)).MoveToOuterDisposeScope();
    }
}

/// <summary>x + conv(relu(conv(x))), without norms.</summary>
internal sealed class AdapterBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "block1")]
    private readonly ConvolutionLayer _first;

    [ComponentName(Name = "block2")]
    private readonly ConvolutionLayer _second;

    public AdapterBlock(int channels, int secondKernel, Placement placement)
        : base(nameof(AdapterBlock))
    {
        _first = new(channels, channels, 3, 1, 1, placement);
        _second = new(channels, channels, secondKernel, 1, secondKernel / 2, placement);
        RegisterComponents();
    }

    /// <summary>[B, C, h, w] -> the same.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.Plus(_second.call(relu(_first.call(x)))).MoveToOuterDisposeScope();
    }
}
