using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators;

/// <summary>
/// M-LSD large: a MobileNetV2 as encoder, five of whose features a decoder joins from coarse to fine, to maps of line
/// centres and of the ends' displacements.
/// Batch norms have eps 1e-5. Source: Gu et al. 2021, arXiv:2106.00186; names as MobileV2_MLSD_Large in annotator/mlsd,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class MlsdNetwork : Module<Tensor, Tensor>
{
    /// <summary>Picture sides must be multiples of this.</summary>
    public const int Step = 16;

    /// <summary>Red, green, blue and a channel of ones.</summary>
    private const int Inputs = 4;

    /// <summary>The decoder's first channels, of which training makes other use, are left out.</summary>
    private const int Unused = 7;

    private static readonly int[] Strides = [2, 1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1];

    /// <summary>
    /// The encoder's layers that the decoder sees: at 1/2, 1/4, 1/8 and 1/16 of the size, the last two at the same.
    /// </summary>
    private static readonly int[] Seen = [1, 3, 6, 10, 13];

    private readonly Module<Tensor, Tensor>[] _encoder;
    private readonly Join[] _joins;
    private readonly Refinement[] _refinements;
    private readonly Head _head;

    public MlsdNetwork(LayerShapes shapes, Placement placement)
        : base(nameof(MlsdNetwork))
    {
        var widths = new int[Strides.Length];
        _encoder = new Module<Tensor, Tensor>[Strides.Length];
        for (var i = 0; i < Strides.Length; i++)
        {
            var layer = $"backbone.features.{i}";
            if (i == 0)
            {
                widths[i] = shapes.Outputs($"{layer}.0");
                _encoder[i] = new ConvolutionNorm(Inputs, widths[i], 3, Strides[i], isLimited: true, placement);
                continue;
            }

            var block = new InvertedResidual(shapes, layer, widths[i - 1], Strides[i], placement);
            (_encoder[i], widths[i]) = (block, block.Outputs);
        }

        (_joins, _refinements) = (new Join[Seen.Length - 1], new Refinement[Seen.Length - 1]);
        var coarse = widths[Seen[^1]];
        for (var i = 0; i < _joins.Length; i++)
        {
            _joins[i] = new Join(shapes, JoinName(i), widths[Seen[^(i + 2)]], coarse, doubles: i > 0, placement);
            _refinements[i] = new Refinement(shapes, RefinementName(i), _joins[i].Outputs, placement);
            coarse = _refinements[i].Outputs;
        }

        _head = new Head(shapes, "block23", coarse, placement);
        register_module(
            "backbone",
            new NamedLayers(
                ("features", new NamedLayers([.. _encoder.Select((layer, i) => (i.ToString(), (Module)layer))]))
            )
        );
        for (var i = 0; i < _joins.Length; i++)
        {
            register_module(JoinName(i), _joins[i]);
            register_module(RefinementName(i), _refinements[i]);
        }

        register_module("block23", _head);

        static string JoinName(int i) => $"block{15 + 2 * i}";

        static string RefinementName(int i) => $"block{16 + 2 * i}";
    }

    /// <summary>
    /// [1, 4, H, W], -1..1, multiples of 16 -> [1, 9, H / 2, W / 2]: logit of a line's centre, displacement (x, y) of
    /// its one end and of its other, and four maps that nothing uses.
    /// </summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var seen = new List<Tensor>();
        var h = x;
        foreach (var (i, layer) in _encoder.Index())
        {
            h = layer.call(h);
            if (Seen.Contains(i))
            {
                seen.Add(h);
            }
        }

        for (var i = 0; i < _joins.Length; i++)
        {
            h = _refinements[i].call(_joins[i].call(seen[^(i + 2)], h));
        }

        var maps = _head.call(h);
        return maps.narrow(1, Unused, maps.shape[1] - Unused).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// relu(norm(conv(x))); those of the encoder are limited to 6 and have no bias. A stride of 2 pads the right and
    /// the bottom side only, as TensorFlow does.
    /// </summary>
    private sealed class ConvolutionNorm : Module<Tensor, Tensor>
    {
        [ComponentName(Name = "0")]
        private readonly ConvolutionLayer _convolution;

        [ComponentName(Name = "1")]
        private readonly BatchNormLayer _norm;
        private readonly bool _isLimited;
        private readonly bool _halves;

        public ConvolutionNorm(
            int inputs,
            int outputs,
            int kernel,
            int stride,
            bool isLimited,
            Placement placement,
            int groups = 1,
            int dilation = 1
        )
            : base(nameof(ConvolutionNorm))
        {
            (_isLimited, _halves) = (isLimited, stride == 2);
            _convolution = new ConvolutionLayer(
                inputs,
                outputs,
                kernel,
                stride,
                _halves ? 0 : (kernel - 1) / 2 * dilation,
                placement,
                groups,
                dilation,
                bias: !isLimited
            );
            _norm = new BatchNormLayer(outputs, 1e-5, placement);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = _norm.call(_convolution.call(_halves ? pad(x, [0, 1, 0, 1]) : x));
            return (_isLimited ? relu6(h) : relu(h)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>
    /// Widened by 1 x 1, filtered channel by channel, narrowed by 1 x 1 without activation; x is added where the shape
    /// stays. Source: Sandler et al. 2018, arXiv:1801.04381.
    /// </summary>
    private sealed class InvertedResidual : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor>[] _layers;
        private readonly bool _adds;

        public InvertedResidual(LayerShapes shapes, string name, int inputs, int stride, Placement placement)
            : base(nameof(InvertedResidual))
        {
            // The first block does not widen: its list begins with the filter.
            var widens = shapes.Has($"{name}.conv.1.0");
            var narrowing = widens ? 2 : 1;
            var width = widens ? shapes.Outputs($"{name}.conv.0.0") : inputs;
            Outputs = shapes.Outputs($"{name}.conv.{narrowing}");
            _adds = stride == 1 && inputs == Outputs;
            _layers =
            [
                .. widens
                    ? [new ConvolutionNorm(inputs, width, 1, 1, isLimited: true, placement)]
                    : Array.Empty<Module<Tensor, Tensor>>(),
                new ConvolutionNorm(width, width, 3, stride, isLimited: true, placement, groups: width),
                new ConvolutionLayer(width, Outputs, 1, 1, 0, placement, bias: false),
                new BatchNormLayer(Outputs, 1e-5, placement),
            ];
            register_module("conv", new NamedLayers([.. _layers.Select((layer, i) => (i.ToString(), (Module)layer))]));
        }

        public int Outputs { get; }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = _layers.Aggregate(x, (h, layer) => layer.call(h));
            return (_adds ? x.Plus(h) : h).MoveToOuterDisposeScope();
        }
    }

    /// <summary>
    /// Fine features beside coarse ones, both through 1 x 1; the coarse ones doubled in size where they are half as
    /// large.
    /// </summary>
    private sealed class Join : Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "conv1")]
        private readonly ConvolutionNorm _coarse;

        [ComponentName(Name = "conv2")]
        private readonly ConvolutionNorm _fine;
        private readonly bool _doubles;

        public Join(LayerShapes shapes, string name, int fine, int coarse, bool doubles, Placement placement)
            : base(nameof(Join))
        {
            var (coarseOutputs, fineOutputs) = (shapes.Outputs($"{name}.conv1.0"), shapes.Outputs($"{name}.conv2.0"));
            (_doubles, Outputs) = (doubles, fineOutputs + coarseOutputs);
            _coarse = new ConvolutionNorm(coarse, coarseOutputs, 1, 1, isLimited: false, placement);
            _fine = new ConvolutionNorm(fine, fineOutputs, 1, 1, isLimited: false, placement);
            RegisterComponents();
        }

        public int Outputs { get; }

        public override Tensor forward(Tensor fine, Tensor coarse)
        {
            using var scope = NewDisposeScope();
            var h = _coarse.call(coarse);
            var enlarged = _doubles
                ? interpolate(
                    h,
                    size: [2 * h.shape[2], 2 * h.shape[3]],
                    mode: InterpolationMode.Bilinear,
                    align_corners: true
                )
                : h;
            return cat([_fine.call(fine), enlarged], 1).MoveToOuterDisposeScope();
        }
    }

    /// <summary>conv(conv(x) + x).</summary>
    private sealed class Refinement : Module<Tensor, Tensor>
    {
        [ComponentName(Name = "conv1")]
        private readonly ConvolutionNorm _first;

        [ComponentName(Name = "conv2")]
        private readonly ConvolutionNorm _second;

        public Refinement(LayerShapes shapes, string name, int inputs, Placement placement)
            : base(nameof(Refinement))
        {
            Outputs = shapes.Outputs($"{name}.conv2.0");
            _first = new ConvolutionNorm(inputs, inputs, 3, 1, isLimited: false, placement);
            _second = new ConvolutionNorm(inputs, Outputs, 3, 1, isLimited: false, placement);
            RegisterComponents();
        }

        public int Outputs { get; }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return _second.call(_first.call(x).Plus(x)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A wide-spaced convolution, a plain one, and 1 x 1 to the maps.</summary>
    private sealed class Head : Module<Tensor, Tensor>
    {
        private const int Dilation = 5;

        [ComponentName(Name = "conv1")]
        private readonly ConvolutionNorm _first;

        [ComponentName(Name = "conv2")]
        private readonly ConvolutionNorm _second;

        [ComponentName(Name = "conv3")]
        private readonly ConvolutionLayer _last;

        public Head(LayerShapes shapes, string name, int inputs, Placement placement)
            : base(nameof(Head))
        {
            _first = new ConvolutionNorm(inputs, inputs, 3, 1, isLimited: false, placement, dilation: Dilation);
            _second = new ConvolutionNorm(inputs, inputs, 3, 1, isLimited: false, placement);
            _last = new ConvolutionLayer(inputs, shapes.Outputs($"{name}.conv3"), 1, 1, 0, placement);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return _last.call(_second.call(_first.call(x))).MoveToOuterDisposeScope();
        }
    }
}
