using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks.Blocks;

/// <summary>
/// Halves height and width by a stride-2 convolution that pads all four sides. Source: LDM openaimodel.py, Downsample.
/// </summary>
internal sealed class DownsampleLayer : Module<Tensor, Tensor>
{
    [ComponentName(Name = "op")]
    private readonly ConvolutionLayer _convolution;

    public DownsampleLayer(int channels, Placement placement)
        : base(nameof(DownsampleLayer))
    {
        _convolution = new(channels, channels, 3, 2, 1, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x) => _convolution.call(x);
}

/// <summary>
/// Halves height and width by a stride-2 convolution that pads the right and bottom sides only. Source: LDM
/// diffusionmodules/model.py, Downsample.
/// </summary>
internal sealed class AutoencoderDownsampleLayer : Module<Tensor, Tensor>, IStripLayer
{
    [ComponentName(Name = "conv")]
    private readonly ConvolutionLayer _convolution;

    public AutoencoderDownsampleLayer(int channels, Placement placement)
        : base(nameof(AutoencoderDownsampleLayer))
    {
        _convolution = new(channels, channels, 3, 2, 0, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _convolution
            .call(pad(x, [0, 1, 0, 1], _convolution.WrapsAround ? PaddingModes.Circular : PaddingModes.Constant))
            .MoveToOuterDisposeScope();
    }

    /// <summary>The same in strips.</summary>
    public Tensor ForwardInStrips(Tensor x, RowStrips strips)
    {
        using (x)
        {
            return strips.Halve(x, forward);
        }
    }
}

/// <summary>
/// Doubles height and width: nearest neighbour, then a convolution. Source: LDM openaimodel.py and
/// diffusionmodules/model.py, Upsample.
/// </summary>
internal sealed class UpsampleLayer : Module<Tensor, Tensor>, IStripLayer
{
    [ComponentName(Name = "conv")]
    private readonly ConvolutionLayer _convolution;

    public UpsampleLayer(int channels, Placement placement)
        : base(nameof(UpsampleLayer))
    {
        _convolution = new(channels, channels, 3, 1, 1, placement);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _convolution
            .call(interpolate(x, size: [x.shape[2] * 2, x.shape[3] * 2], mode: InterpolationMode.Nearest))
            .MoveToOuterDisposeScope();
    }

    /// <summary>The same in strips; each sees a row of x to each side.</summary>
    public Tensor ForwardInStrips(Tensor x, RowStrips strips)
    {
        using (x)
        {
            return strips.Map(x, 1, forward);
        }
    }
}
