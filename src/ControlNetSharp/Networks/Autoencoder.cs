using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks;

/// <summary>
/// Pictures to latents and back. Names are LDM's (without <c>first_stage_model.</c>). Source: LDM autoencoder.py,
/// AutoencoderKL; diffusionmodules/model.py, Encoder and Decoder.
/// </summary>
public class Autoencoder : Module
{
    // The original clamps the log-variance to this range before it is used.
    private protected const double LeastLogVariance = -30;
    private const double MostLogVariance = 20;

    // 1024 x 1024 pixels of Stable Diffusion, the native size of SDXL.
    private protected const long MostPixelsAtOnce = 1024 * 1024;

    [ComponentName(Name = "encoder")]
    private readonly AutoencoderEncoder _encoder;

    [ComponentName(Name = "quant_conv")]
    private readonly ConvolutionLayer _quantise;

    [ComponentName(Name = "post_quant_conv")]
    private readonly ConvolutionLayer _postQuantise;

    [ComponentName(Name = "decoder")]
    private readonly AutoencoderDecoder _decoder;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public Autoencoder(AutoencoderParams p, Placement placement)
        : base(nameof(Autoencoder))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _encoder = new(p, placement);
        _quantise = new(p.LatentChannels * 2, p.LatentChannels * 2, 1, 1, 0, placement);
        _postQuantise = new(p.LatentChannels, p.LatentChannels, 1, 1, 0, placement);
        _decoder = new(p, placement);
#pragma warning disable MA0056 // TorchSharp's own; what derives from this has another constructor.
        RegisterComponents();
#pragma warning restore MA0056
    }

    /// <summary>One of another form, which has its own parts in place of these.</summary>
    private protected Autoencoder(string name, AutoencoderParams p)
        : base(name)
    {
        Params = p;
        (_encoder, _quantise, _postQuantise, _decoder) = (null!, null!, null!, null!);
    }

    /// <summary>The network's shape.</summary>
    public AutoencoderParams Params { get; }

    /// <summary>
    /// The type that it computes in, whatever type its input has; null (the default) for that of the input.
    /// </summary>
    public ScalarType? ComputesIn { get; init; }

    /// <summary>An Autoencoder in the form that its shape asks for; uninitialised.</summary>
    internal static Autoencoder Of(AutoencoderParams p, Placement placement) =>
        p.IsTiny ? new TinyAutoencoder(p, placement) : new Autoencoder(p, placement);

    /// <summary>
    /// The distribution of z for pictures. Without gradients, pictures of more than 1024 x 1024 pixels are computed by
    /// <see cref="EncodeInStrips"/>.
    /// </summary>
    /// <param name="pictures">
    /// [B, 3, H, W] in −1..1; H and W multiples of <see cref="AutoencoderParams.Downscale"/>.
    /// </param>
    /// <returns>
    /// Mean and log-variance (clamped to −30..20), each [B, 4, H/8, W/8]; latents are
    /// <see cref="AutoencoderParams.ScaleFactor"/> times a sample.
    /// </returns>
    public virtual (Tensor Mean, Tensor LogVariance) Encode(Tensor pictures)
    {
        return pictures.shape[2] * pictures.shape[3] > MostPixelsAtOnce && !is_grad_enabled()
            ? EncodeInStrips(pictures)
            : Encoded(pictures, _encoder.call);
    }

    /// <summary>
    /// The same for large pictures, without gradients: before the middle block in strips of rows, as
    /// <see cref="DecodeInStrips"/>. Differs by rounding only.
    /// </summary>
    /// <param name="pictures">
    /// [B, 3, H, W] in −1..1; H and W multiples of <see cref="AutoencoderParams.Downscale"/>.
    /// </param>
    /// <param name="pixels">About how many pixels a strip has, at least 1.</param>
    /// <returns>Mean and log-variance, each [B, 4, H/8, W/8].</returns>
    public virtual (Tensor Mean, Tensor LogVariance) EncodeInStrips(Tensor pictures, int pixels = 1 << 17)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        using var withoutGradients = no_grad();
        return Encoded(
            pictures,
            typed => _encoder.ForwardInStrips(typed, new RowStrips(pixels, _quantise.WrapsAround))
        );
    }

    private (Tensor Mean, Tensor LogVariance) Encoded(Tensor pictures, Func<Tensor, Tensor> encoder)
    {
        using var scope = NewDisposeScope();
        var (mean, logVariance) = Split(_quantise.call(encoder(Typed(pictures))));
        return (mean.MoveToOuterDisposeScope(), logVariance.MoveToOuterDisposeScope());
    }

    /// <summary>Moments [B, 8, h, w] to mean and clamped log-variance, each [B, 4, h, w].</summary>
    internal static (Tensor Mean, Tensor LogVariance) Split(Tensor moments)
    {
        var halves = moments.chunk(2, 1);
        return (halves[0], halves[1].AtLeast(LeastLogVariance).AtMost(MostLogVariance));
    }

    /// <summary>
    /// Pictures from z (latents divided by <see cref="AutoencoderParams.ScaleFactor"/>). Without gradients, pictures of
    /// more than 1024 x 1024 pixels are computed by <see cref="DecodeInStrips"/>: by their size alone, so that pixels
    /// do not depend on a machine's memory.
    /// </summary>
    /// <param name="z">[B, 4, h, w].</param>
    /// <returns>[B, 3, 8h, 8w], about −1..1 and not clamped.</returns>
    public virtual Tensor Decode(Tensor z)
    {
        using var scope = NewDisposeScope();
        return (
            z.shape[2] * z.shape[3] * Params.Downscale * Params.Downscale > MostPixelsAtOnce && !is_grad_enabled()
                ? DecodeInStrips(z)
                : _decoder.call(_postQuantise.call(Typed(z)))
        ).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same for large pictures, without gradients: behind the middle block everything is computed in strips of
    /// rows, with norms over the whole picture, so that two to four feature maps are in memory at once and not nine.
    /// Differs by rounding only.
    /// </summary>
    /// <param name="z">[B, 4, h, w].</param>
    /// <param name="pixels">About how many pixels a strip has, at least 1.</param>
    /// <returns>[B, 3, 8h, 8w], about −1..1 and not clamped.</returns>
    public virtual Tensor DecodeInStrips(Tensor z, int pixels = 1 << 17)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        return _decoder
            .ForwardInStrips(_postQuantise.call(Typed(z)), new RowStrips(pixels, _postQuantise.WrapsAround))
            .MoveToOuterDisposeScope();
    }

    private protected Tensor Typed(Tensor input) => ComputesIn is { } dtype ? input.to(dtype) : input;
}

/// <summary>Pictures to moments. Source: LDM diffusionmodules/model.py, Encoder.</summary>
internal sealed class AutoencoderEncoder : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer _in;
    private readonly List<Module<Tensor, Tensor>> _down = [];
    private readonly AutoencoderMiddle _middle;
    private readonly GroupNormLayer _normOut;
    private readonly ConvolutionLayer _out;

    public AutoencoderEncoder(AutoencoderParams p, Placement placement)
        : base(nameof(AutoencoderEncoder))
    {
        _in = new(3, p.Channels, 3, 1, 1, placement);
        var channels = p.Channels;
        var levels = new List<(string, Module)>();
        foreach (var (level, multiplier) in p.Multipliers.Index())
        {
            var blocks = new List<(string, Module)>();
            for (var block = 0; block < p.ResidualBlocks; block++)
            {
                var residual = new AutoencoderResidualBlock(channels, p.Channels * multiplier, p.NormGroups, placement);
                channels = p.Channels * multiplier;
                blocks.Add((block.ToString(), residual));
                _down.Add(residual);
            }

            var parts = new List<(string, Module)> { ("block", new NamedLayers([.. blocks])) };
            if (level + 1 < p.Multipliers.Count)
            {
                var downsample = new AutoencoderDownsampleLayer(channels, placement);
                parts.Add(("downsample", downsample));
                _down.Add(downsample);
            }

            levels.Add((level.ToString(), new NamedLayers([.. parts])));
        }

        _middle = new(channels, p.NormGroups, placement);
        _normOut = new(p.NormGroups, channels, AutoencoderResidualBlock.Epsilon, placement);
        _out = new(channels, p.LatentChannels * 2, 3, 1, 1, placement);
        register_module("conv_in", _in);
        register_module("down", new NamedLayers([.. levels]));
        register_module("mid", _middle);
        register_module("norm_out", _normOut);
        register_module("conv_out", _out);
    }

    /// <summary>[B, 3, H, W] -> [B, 8, H/8, W/8].</summary>
    public override Tensor forward(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var h = _in.call(pictures);
        foreach (var layer in _down)
        {
            h = layer.call(h);
        }

        return Moments(h).MoveToOuterDisposeScope();
    }

    /// <summary>The same, before the middle block in strips.</summary>
    public Tensor ForwardInStrips(Tensor pictures, RowStrips strips)
    {
        using var scope = NewDisposeScope();
        var h = strips.Map(pictures, 1, _in.call);
        foreach (IStripLayer layer in _down)
        {
            h = layer.ForwardInStrips(h, strips);
        }

        return Moments(h).MoveToOuterDisposeScope();
    }

    private Tensor Moments(Tensor h) => _out.call(silu(_normOut.call(_middle.call(h))));
}

/// <summary>z to pictures. Source: LDM diffusionmodules/model.py, Decoder.</summary>
internal sealed class AutoencoderDecoder : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer _in;
    private readonly AutoencoderMiddle _middle;
    private readonly List<Module<Tensor, Tensor>> _up = [];
    private readonly GroupNormLayer _normOut;
    private readonly ConvolutionLayer _out;

    public AutoencoderDecoder(AutoencoderParams p, Placement placement)
        : base(nameof(AutoencoderDecoder))
    {
        var channels = p.Channels * p.Multipliers[^1];
        _in = new(p.LatentChannels, channels, 3, 1, 1, placement);
        _middle = new(channels, p.NormGroups, placement);
        var levels = new List<(string, Module)>();
        for (var level = p.Multipliers.Count - 1; level >= 0; level--)
        {
            var blocks = new List<(string, Module)>();
            for (var block = 0; block <= p.ResidualBlocks; block++)
            {
                var residual = new AutoencoderResidualBlock(
                    channels,
                    p.Channels * p.Multipliers[level],
                    p.NormGroups,
                    placement
                );
                channels = p.Channels * p.Multipliers[level];
                blocks.Add((block.ToString(), residual));
                _up.Add(residual);
            }

            var parts = new List<(string, Module)> { ("block", new NamedLayers([.. blocks])) };
            if (level > 0)
            {
                var upsample = new UpsampleLayer(channels, placement);
                parts.Add(("upsample", upsample));
                _up.Add(upsample);
            }

            levels.Insert(0, (level.ToString(), new NamedLayers([.. parts])));
        }

        _normOut = new(p.NormGroups, channels, AutoencoderResidualBlock.Epsilon, placement);
        _out = new(channels, 3, 3, 1, 1, placement);
        register_module("conv_in", _in);
        register_module("mid", _middle);
        register_module("up", new NamedLayers([.. levels]));
        register_module("norm_out", _normOut);
        register_module("conv_out", _out);
    }

    /// <summary>[B, 4, h, w] -> [B, 3, 8h, 8w].</summary>
    public override Tensor forward(Tensor z)
    {
        using var scope = NewDisposeScope();
        var h = _middle.call(_in.call(z));
        foreach (var layer in _up)
        {
            h = layer.call(h);
        }

        return _out.call(silu(_normOut.call(h))).MoveToOuterDisposeScope();
    }

    /// <summary>The same, behind the middle block in strips.</summary>
    public Tensor ForwardInStrips(Tensor z, RowStrips strips)
    {
        using var scope = NewDisposeScope();
        var h = _middle.call(_in.call(z));
        foreach (IStripLayer layer in _up)
        {
            h = layer.ForwardInStrips(h, strips);
        }

        return AutoencoderResidualBlock.InStrips(_normOut, _out, h, strips).MoveToOuterDisposeScope();
    }
}
