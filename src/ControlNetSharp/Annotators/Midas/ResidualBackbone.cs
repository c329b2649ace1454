using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// The first part of the hybrid transformer: a ResNet-50 of three stages with standardised convolutions and group
/// norms. Names are timm's (<c>patch_embed.backbone.</c>).
/// Source: Kolesnikov et al. 2019, arXiv:1912.11370; timm models/resnetv2.py (preact=False, stem "same").
/// </summary>
internal sealed class ResidualBackbone : Module
{
    /// <summary>Channels after the stem.</summary>
    public const int StemChannels = 64;

    private const int NormGroups = 32;
    private const double NormEpsilon = 1e-5;
    private static readonly (int Blocks, int Channels, int Stride)[] StageShapes =
    [
        (3, 256, 1),
        (4, 512, 2),
        (9, 1024, 2),
    ];

    private readonly StandardisedConvolution _stem;
    private readonly GroupNormLayer _stemNorm;
    private readonly Bottleneck[][] _stages;

    public ResidualBackbone(Placement placement)
        : base(nameof(ResidualBackbone))
    {
        (_stem, _stemNorm) = (new(3, StemChannels, 7, 2, placement), Norm(StemChannels, placement));
        var (inputs, stages) = (StemChannels, new List<Bottleneck[]>());
        foreach (var (blocks, channels, stride) in StageShapes)
        {
            stages.Add([
                .. Enumerable
                    .Range(0, blocks)
                    .Select(block => new Bottleneck(
                        block == 0 ? inputs : channels,
                        channels,
                        block == 0 ? stride : 1,
                        isFirst: block == 0,
                        placement
                    )),
            ]);
            inputs = channels;
        }

        _stages = [.. stages];
        register_module("stem", new NamedLayers(("conv", _stem), ("norm", _stemNorm)));
        register_module(
            "stages",
            new NamedLayers([
                .. _stages.Select(
                    (blocks, stage) =>
                        (
                            stage.ToString(),
                            (Module)
                                new NamedLayers(
                                    (
                                        "blocks",
                                        new NamedLayers([.. blocks.Select((block, i) => (i.ToString(), (Module)block))])
                                    )
                                )
                        )
                ),
            ])
        );
    }

    /// <summary>Channels after each stage.</summary>
    public static IReadOnlyList<int> StageChannels { get; } = [.. StageShapes.Select(stage => stage.Channels)];

    /// <summary>[B, 3, H, W] -> [B, 64, H/4, W/4].</summary>
    public Tensor Stem(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var h = relu(_stemNorm.call(_stem.call(pictures)));
        return max_pool2d(StandardisedConvolution.PadSame(h, 3, 2, double.NegativeInfinity), 3, 2)
            .MoveToOuterDisposeScope();
    }

    /// <summary>Stage 0 keeps the size, stages 1 and 2 halve it.</summary>
    public Tensor Stage(int stage, Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x;
        foreach (var block in _stages[stage])
        {
            h = block.call(h);
            scope.DisposeEverythingBut(h);
        }

        return h.MoveToOuterDisposeScope();
    }

    private static GroupNormLayer Norm(int channels, Placement placement) =>
        new(NormGroups, channels, NormEpsilon, placement);

    /// <summary>relu(shortcut(x) + norm(conv1x1(relu(norm(conv3x3(relu(norm(conv1x1(x)))))))).</summary>
    private sealed class Bottleneck : Module<Tensor, Tensor>
    {
        private readonly StandardisedConvolution[] _convolutions;
        private readonly GroupNormLayer[] _norms;
        private readonly StandardisedConvolution? _shortcut;
        private readonly GroupNormLayer? _shortcutNorm;

        public Bottleneck(int inputs, int outputs, int stride, bool isFirst, Placement placement)
            : base(nameof(Bottleneck))
        {
            var middle = outputs / 4;
            _convolutions =
            [
                new(inputs, middle, 1, 1, placement),
                new(middle, middle, 3, stride, placement),
                new(middle, outputs, 1, 1, placement),
            ];
            _norms = [Norm(middle, placement), Norm(middle, placement), Norm(outputs, placement)];
            for (var i = 0; i < _convolutions.Length; i++)
            {
                register_module($"conv{i + 1}", _convolutions[i]);
                register_module($"norm{i + 1}", _norms[i]);
            }

            if (isFirst)
            {
                (_shortcut, _shortcutNorm) = (new(inputs, outputs, 1, stride, placement), Norm(outputs, placement));
                register_module("downsample", new NamedLayers(("conv", _shortcut), ("norm", _shortcutNorm)));
            }
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = relu(_norms[0].call(_convolutions[0].call(x)));
            h = relu(_norms[1].call(_convolutions[1].call(h)));
            h = _norms[2].call(_convolutions[2].call(h));
            var skip = _shortcut is null ? x : _shortcutNorm!.call(_shortcut.call(x));
            return relu(h.Plus(skip)).MoveToOuterDisposeScope();
        }
    }
}
