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
/// The shape of a <see cref="CompactUpscaler"/>. Published are 64 features, 32 or 16 convolutions, x4.
/// </summary>
/// <param name="Features">Channels between the convolutions.</param>
/// <param name="Convolutions">Convolutions between the first and the last.</param>
/// <param name="Scale">Sides of the result in those of the picture.</param>
internal sealed record CompactUpscalerParams(int Features, int Convolutions, int Scale);

/// <summary>
/// The small networks of Real-ESRGAN (realesr-general-x4v3, realesr-animevideov3): plain convolutions at the size of
/// the picture, whose last one gives the pixels of the large picture as channels; what is added is the picture itself,
/// enlarged. Source: XPixelGroup/BasicSR, archs/srvgg_arch.py, SRVGGNetCompact.
/// </summary>
internal sealed class CompactUpscaler : UpscalerNetwork
{
    private readonly List<Module<Tensor, Tensor>> _body = [];

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public CompactUpscaler(CompactUpscalerParams p, Placement placement)
        : base(nameof(CompactUpscaler))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _body.Add(new ConvolutionLayer(3, p.Features, 3, 1, 1, placement));
        for (var i = 0; i < p.Convolutions; i++)
        {
            _body.Add(new ChannelSlopes(p.Features, placement));
            _body.Add(new ConvolutionLayer(p.Features, p.Features, 3, 1, 1, placement));
        }

        _body.Add(new ChannelSlopes(p.Features, placement));
        _body.Add(new ConvolutionLayer(p.Features, 3 * p.Scale * p.Scale, 3, 1, 1, placement));
        register_module("body", new NamedLayers([.. _body.Select((layer, index) => ($"{index}", (Module)layer))]));
    }

    /// <summary>The network's shape.</summary>
    public CompactUpscalerParams Params { get; }

    /// <inheritdoc/>
    public override int Scale => Params.Scale;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        using var scope = NewDisposeScope();
        var h = picture.alias();
        foreach (var layer in _body)
        {
            var next = layer.call(h);
            h.Dispose();
            h = next;
        }

        long[] size = [Scale * picture.shape[2], Scale * picture.shape[3]];
        var enlarged = interpolate(picture, size: size, mode: InterpolationMode.Nearest);
        return pixel_shuffle(h, Scale).Plus(enlarged).MoveToOuterDisposeScope();
    }
}

/// <summary>x where it is positive, elsewhere x times a number of its channel (PReLU).</summary>
internal sealed class ChannelSlopes : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces it when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;
#pragma warning restore IDE0044, RCS1169

    public ChannelSlopes(int channels, Placement placement)
        : base(nameof(ChannelSlopes))
    {
        _weight = LayerMemory.Empty(placement, channels);
        RegisterComponents();
    }

    /// <summary>[B, C, h, w] -> [B, C, h, w].</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return prelu(x, _weight).MoveToOuterDisposeScope();
    }
}
