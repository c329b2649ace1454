using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.NormalBae;

/// <summary>
/// Directions of surfaces, coarse to fine. Names are those of <c>scannet.pt</c>. Source: Bae et al. 2021,
/// arXiv:2109.09881; normalbae, NNET, controlnet_aux@b1aac31.
/// </summary>
internal sealed class NormalBaeNetwork : Module
{
    private const double Epsilon = 1e-5;
    private const double Slope = 0.01;

    /// <summary>A direction and how sure it is.</summary>
    private const int Predicted = 4;
    private readonly EfficientNet _encoder;
    private readonly ConvolutionLayer _coarsest;
    private readonly (ConvolutionLayer Convolution, BatchNormLayer Norm)[][] _levels;
    private readonly ConvolutionLayer _first;
    private readonly PixelLayer[][] _refinements;

    public NormalBaeNetwork(NormalBaeParams p, Placement placement)
        : base(nameof(NormalBaeNetwork))
    {
        _encoder = new(p, placement);
        // Of the encoder's maps from 1/16 down to 1/2 each goes into the level of its size.
        int[] skips = [p.Stages[4][^1].Outputs, .. Enumerable.Range(0, 3).Select(i => p.Stages[2 - i][^1].Outputs)];
        _coarsest = new(p.Head, p.Levels[0], 1, 1, 0, placement);
        _levels =
        [
            .. skips.Select(
                (skip, i) =>
                    new[]
                    {
                        Unit(p.Levels[i] + skip, p.Levels[i + 1], placement),
                        Unit(p.Levels[i + 1], p.Levels[i + 1], placement),
                    }
            ),
        ];
        _first = new(p.Levels[2], Predicted, 3, 1, 1, placement);
        _refinements =
        [
            .. p
                .Levels.Skip(2)
                .Select(channels => new[]
                {
                    new PixelLayer(channels + Predicted, p.Prediction, placement),
                    new PixelLayer(p.Prediction, p.Prediction, placement),
                    new PixelLayer(p.Prediction, p.Prediction, placement),
                    new PixelLayer(p.Prediction, Predicted, placement),
                }),
        ];
        register_module("encoder", new NamedLayers(("original_model", _encoder)));
        register_module(
            "decoder",
            new NamedLayers([
                ("conv2", _coarsest),
                .. _levels.Select((level, i) => ($"up{i + 1}", (Module)new NamedLayers(("_net", Named(level))))),
                ("out_conv_res8", _first),
                .. _refinements.Select((layers, i) => ($"out_conv_res{4 >> i}", (Module)Named(layers))),
            ])
        );
    }

    /// <summary>Runs the network.</summary>
    /// <param name="pictures">
    /// [B, 3, H, W], normalised by ImageNet's mean and deviation; H and W multiples of 8. Borrowed.
    /// </param>
    /// <returns>Unit vectors (x, y, z) and how sure they are (kappa, above 0): [B, 4, H, W].</returns>
    public Tensor Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return Predict(Decode(Encode(pictures)))[^1].MoveToOuterDisposeScope();
    }

    /// <summary>Maps at 1/2, 1/4, 1/8, 1/16 and 1/32.</summary>
    internal Tensor[] Encode(Tensor pictures) => _encoder.Run(pictures);

    /// <summary>The encoder's maps to those at 1/8, 1/4 and 1/2 that predictions are made of.</summary>
    internal Tensor[] Decode(Tensor[] maps)
    {
        using var scope = NewDisposeScope();
        var h = _coarsest.call(maps[^1]);
        var levels = new List<Tensor>();
        foreach (var (i, level) in _levels.Index())
        {
            var skip = maps[maps.Length - 2 - i];
            h = cat([Upsampling.Corners(h, skip.shape[2], skip.shape[3]), skip], 1);
            foreach (var (convolution, norm) in level)
            {
                h = leaky_relu(norm.call(convolution.call(h)), Slope);
            }

            if (i > 0)
            {
                levels.Add(h);
            }

            scope.DisposeEverythingBut([h, .. levels]);
        }

        return [.. levels.Select(level => level.MoveToOuterDisposeScope())];
    }

    /// <summary>Predictions at 1/8, 1/4, 1/2 and the whole size.</summary>
    internal Tensor[] Predict(Tensor[] levels)
    {
        using var scope = NewDisposeScope();
        var predictions = new List<Tensor> { Normalised(_first.call(levels[0])) };
        foreach (var (layers, level) in _refinements.Zip(levels))
        {
            var together = cat([level, predictions[^1]], 1);
            var h = Upsampling.Corners(together, 2 * level.shape[2], 2 * level.shape[3]);
            foreach (var (i, layer) in layers.Index())
            {
                h = layer.call(i == 0 ? h : relu(h));
            }

            predictions.Add(Normalised(h));
            scope.DisposeEverythingBut(predictions);
        }

        return [.. predictions.Select(prediction => prediction.MoveToOuterDisposeScope())];
    }

    /// <summary>Directions of length 1; kappa = elu + 1.01.</summary>
    private static Tensor Normalised(Tensor raw)
    {
        const double least = 1e-10;
        using var scope = NewDisposeScope();
        var direction = raw.narrow(1, 0, 3);
        var length = (direction * direction).sum(1, keepdim: true).sqrt().Plus(least);
        var kappa = elu(raw.narrow(1, 3, 1), 1.0).Plus(1.01);
        return cat([direction / length, kappa], 1).MoveToOuterDisposeScope();
    }

    private static (ConvolutionLayer, BatchNormLayer) Unit(int inputs, int outputs, Placement placement) =>
        (new(inputs, outputs, 3, 1, 1, placement), new(outputs, Epsilon, placement));

    private static NamedLayers Named((ConvolutionLayer Convolution, BatchNormLayer Norm)[] units) =>
        // An activation stands between the two.
        new NamedLayers([
            ("0", units[0].Convolution),
            ("1", units[0].Norm),
            ("3", units[1].Convolution),
            ("4", units[1].Norm),
        ]);

    private static NamedLayers Named(PixelLayer[] layers) =>
        new NamedLayers([.. layers.Select((layer, i) => ((2 * i).ToString(), (Module)layer))]);

    /// <summary>A convolution of single pixels, whose weight is stored as that of a row: [out, in, 1].</summary>
    private sealed class PixelLayer : Module<Tensor, Tensor>
    {
        public PixelLayer(int inputs, int outputs, Placement placement)
            : base(nameof(PixelLayer))
        {
            register_parameter("weight", LayerMemory.Empty(placement, outputs, inputs, 1));
            register_parameter("bias", LayerMemory.Empty(placement, outputs));
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var (weight, bias) = (get_parameter("weight")!.squeeze(-1), get_parameter("bias")!.unsqueeze(-1));
            var pixels = matmul(weight, x.flatten(2)).Plus(bias);
            return pixels.reshape(x.shape[0], -1, x.shape[2], x.shape[3]).MoveToOuterDisposeScope();
        }
    }
}
