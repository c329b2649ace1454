using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks;

/// <summary>
/// TAESD: an Autoencoder of convolutions alone, a seventeenth of the work of Stable Diffusion's own, which loses fine
/// detail. It was trained against the other one, so its latents are those that the UNet has, already scaled, and it
/// knows no distribution: the mean is all. Names are the original's, with <c>encoder.</c> and <c>decoder.</c> before
/// them. Source: madebyollin/taesd, taesd.py, Encoder and Decoder.
/// </summary>
internal sealed class TinyAutoencoder : Autoencoder
{
    /// <summary>Latents further from 0 than about this count as this far.</summary>
    private const double LatentMagnitude = 3;

    // About how many pixels a strip has: less, and most of what is computed would be what is cut off.
    private const int PixelsOfStrip = 1 << 20;

    // Rows of latents that a row of the picture depends on, to each side: at the three sizes below the picture's ten
    // convolutions each, in their own rows 1, 1/2 and 1/4; at its own five, 1/8. Together 18.1.
    private const int Halo = 19;

    private readonly List<Module<Tensor, Tensor>> _encoder = [];
    private readonly List<Module<Tensor, Tensor>> _decoder = [];

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public TinyAutoencoder(AutoencoderParams p, Placement placement)
        : base(nameof(TinyAutoencoder), p)
    {
        var width = p.Channels;
        ConvolutionLayer Convolution(int inputs, int outputs, int stride = 1, bool bias = true) =>
            new(inputs, outputs, 3, stride, 1, placement, bias: bias);
        IEnumerable<Module<Tensor, Tensor>> Blocks(int count) =>
            Enumerable.Range(0, count).Select(_ => new TinyBlock(width, placement));
        if (p.HasEncoder)
        {
            _encoder.AddRange([Convolution(3, width), .. Blocks(1)]);
            for (var level = 1; level < p.Multipliers.Count; level++)
            {
                _encoder.AddRange([Convolution(width, width, stride: 2, bias: false), .. Blocks(p.ResidualBlocks)]);
            }

            _encoder.Add(Convolution(width, p.LatentChannels));
            register_module("encoder", Numbered(_encoder));
        }

        _decoder.AddRange([new SoftLimit(LatentMagnitude), Convolution(p.LatentChannels, width), ReLU()]);
        for (var level = 1; level < p.Multipliers.Count; level++)
        {
            _decoder.AddRange([.. Blocks(p.ResidualBlocks), new Doubling(), Convolution(width, width, bias: false)]);
        }

        _decoder.AddRange([.. Blocks(1), Convolution(width, 3)]);
        register_module("decoder", Numbered(_decoder));
    }

    /// <summary>
    /// Latents, and a log-variance of next to nothing; large pictures are computed at once, too.
    /// </summary>
    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It is a decoder alone.</exception>
    public override (Tensor Mean, Tensor LogVariance) Encode(Tensor pictures)
    {
        if (!Params.HasEncoder)
        {
            throw new InvalidOperationException("The Autoencoder is TAESD's decoder alone and cannot encode.");
        }

        using var scope = NewDisposeScope();
        var mean = Run(_encoder, Typed(pictures).Times(0.5).Plus(0.5));
        var logVariance = zeros_like(mean).Plus(LeastLogVariance);
        return (mean.MoveToOuterDisposeScope(), logVariance.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override (Tensor Mean, Tensor LogVariance) EncodeInStrips(Tensor pictures, int pixels = 1 << 17) =>
        Encode(pictures);

    /// <inheritdoc/>
    public override Tensor Decode(Tensor z) =>
        z.shape[2] * z.shape[3] * Params.Downscale * Params.Downscale > MostPixelsAtOnce && !is_grad_enabled()
            ? DecodeInStrips(z, PixelsOfStrip)
            : Decoded(Typed(z));

    /// <inheritdoc/>
    public override Tensor DecodeInStrips(Tensor z, int pixels = 1 << 17)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixels, 1);
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var strips = new RowStrips(
            Math.Max(1, pixels / (Params.Downscale * Params.Downscale)),
            ((ConvolutionLayer)_decoder[1]).WrapsAround
        );
        return strips.Map(Typed(z), Halo, Decoded).MoveToOuterDisposeScope();
    }

    private Tensor Decoded(Tensor z)
    {
        using var scope = NewDisposeScope();
        return Run(_decoder, z).Times(2).Minus(1).MoveToOuterDisposeScope();
    }

    private static Tensor Run(List<Module<Tensor, Tensor>> layers, Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x.alias();
        foreach (var layer in layers)
        {
            h = layer.call(h);
            scope.DisposeEverythingBut(h);
        }

        return h.MoveToOuterDisposeScope();
    }

    private static NamedLayers Numbered(List<Module<Tensor, Tensor>> layers) =>
        new([.. layers.Select((layer, index) => ($"{index}", (Module)layer))]);

    /// <summary>relu(x + three convolutions with ReLU between them). Source: taesd.py, Block.</summary>
    private sealed class TinyBlock : Module<Tensor, Tensor>
    {
        private readonly ConvolutionLayer[] _convolutions;

        public TinyBlock(int channels, Placement placement)
            : base(nameof(TinyBlock))
        {
            _convolutions =
            [
                .. Enumerable.Range(0, 3).Select(_ => new ConvolutionLayer(channels, channels, 3, 1, 1, placement)),
            ];
            // Activations are counted, too.
            register_module(
                "conv",
                new NamedLayers([.. _convolutions.Select((layer, index) => ($"{2 * index}", (Module)layer))])
            );
        }

        /// <summary>[B, C, h, w] -> [B, C, h, w].</summary>
        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = relu(_convolutions[0].call(x));
            h = relu(_convolutions[1].call(h));
            return relu(_convolutions[2].call(h).Plus(x)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>m · tanh(x / m). Source: taesd.py, Clamp.</summary>
    private sealed class SoftLimit(double magnitude) : Module<Tensor, Tensor>(nameof(SoftLimit))
    {
        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return x.Over(magnitude).tanh().Times(magnitude).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Twice the height and width, nearest neighbour.</summary>
    private sealed class Doubling() : Module<Tensor, Tensor>(nameof(Doubling))
    {
        public override Tensor forward(Tensor x) =>
            interpolate(x, size: [x.shape[2] * 2, x.shape[3] * 2], mode: InterpolationMode.Nearest);
    }
}
