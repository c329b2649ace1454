using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.DepthAnything;

/// <summary>
/// Depth Anything V2: DINOv2 and the decoder of dense prediction transformers. Names are those of transformers. Source:
/// Yang et al. 2024, arXiv:2406.09414; transformers 4.50, models/depth_anything.
/// </summary>
internal sealed class DepthAnythingNetwork : Module
{
    private readonly DepthAnythingParams _params;
    private readonly ConvolutionLayer[] _projections;
    private readonly Module<Tensor, Tensor>?[] _resizes;
    private readonly ConvolutionLayer[] _convolutions;
    private readonly (ConvolutionLayer Projection, PreActivationUnit Features, PreActivationUnit Together)[] _fusions;
    private readonly ConvolutionLayer[] _head;

    public DepthAnythingNetwork(DepthAnythingParams p, Placement placement)
        : base(nameof(DepthAnythingNetwork))
    {
        _params = p;
        Backbone = new(p, placement);
        var channels = p.LevelChannels;
        _projections = [.. channels.Select(level => new ConvolutionLayer(p.Width, level, 1, 1, 0, placement))];
        _resizes =
        [
            Enlarging(channels[0], 4, placement),
            Enlarging(channels[1], 2, placement),
            null,
            new ConvolutionLayer(channels[3], channels[3], 3, 2, 1, placement),
        ];
        _convolutions =
        [
            .. channels.Select(level => new ConvolutionLayer(level, p.FusionChannels, 3, 1, 1, placement, bias: false)),
        ];
        _fusions =
        [
            .. channels.Select(_ =>
                (new ConvolutionLayer(p.FusionChannels, p.FusionChannels, 1, 1, 0, placement), Unit(), Unit())
            ),
        ];
        _head =
        [
            new(p.FusionChannels, p.FusionChannels / 2, 3, 1, 1, placement),
            new(p.FusionChannels / 2, p.HeadChannels, 3, 1, 1, placement),
            new(p.HeadChannels, 1, 1, 1, 0, placement),
        ];
        Register();

        PreActivationUnit Unit() => new(p.FusionChannels, "convolution", placement);
    }

    internal DinoBackbone Backbone { get; }

    /// <summary>Side of a patch in pixels.</summary>
    internal int Patch => _params.Patch;

    /// <summary>Runs the network.</summary>
    /// <param name="pictures">
    /// [B, 3, H, W], normalised by ImageNet's mean and deviation; H and W multiples of the patch. Borrowed.
    /// </param>
    /// <returns>Inverse depth up to scale and shift, 0 or more, near is large: [B, H, W].</returns>
    public Tensor Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (pictures.shape[2] / _params.Patch, pictures.shape[3] / _params.Patch);
        var features = Backbone.Features(Backbone.Embed(pictures));
        return relu(Head(Fuse(Reassemble(features, height, width))[^1], height, width)).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens of four blocks to maps at 4, 2, 1 and 1/2 times the grid of patches.</summary>
    internal Tensor[] Reassemble(Tensor[] features, long height, long width)
    {
        using var scope = NewDisposeScope();
        var maps = features.Select(
            (tokens, level) =>
            {
                var map = _projections[level]
                    .call(
                        tokens
                            .narrow(1, 1, height * width)
                            .transpose(1, 2)
                            .reshape(tokens.shape[0], _params.Width, height, width)
                    );
                return _resizes[level]?.call(map) ?? map;
            }
        );
        return [.. maps.ToList().Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>
    /// The decoder's maps, coarse to fine, each at the size of the next level; the last one at twice the finest.
    /// </summary>
    internal Tensor[] Fuse(Tensor[] levels)
    {
        using var scope = NewDisposeScope();
        var maps = new List<Tensor>();
        for (var level = levels.Length - 1; level >= 0; level--)
        {
            var features = _convolutions[level].call(levels[level]);
            // Files number the fusions from the coarsest level on.
            var (projection, unit, together) = _fusions[levels.Length - 1 - level];
            var h = together.call(maps.Count == 0 ? features : maps[^1].Plus(unit.call(features)));
            var (height, width) =
                level == 0
                    ? (2 * h.shape[2], 2 * h.shape[3])
                    : (levels[level - 1].shape[2], levels[level - 1].shape[3]);
            maps.Add(projection.call(Upsampling.Corners(h, height, width)));
        }

        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>The finest map to depth before the last ReLU.</summary>
    internal Tensor Head(Tensor map, long height, long width)
    {
        using var scope = NewDisposeScope();
        var h = Upsampling.Corners(_head[0].call(map), height * _params.Patch, width * _params.Patch);
        return _head[2].call(relu(_head[1].call(h))).squeeze(1).MoveToOuterDisposeScope();
    }

    private void Register()
    {
        register_module("backbone", Backbone);
        register_module(
            "neck",
            new NamedLayers(
                (
                    "reassemble_stage",
                    new NamedLayers(
                        (
                            "layers",
                            new NamedLayers([
                                .. _projections.Select(
                                    (projection, level) =>
                                        (
                                            level.ToString(),
                                            (Module)(
                                                _resizes[level] is { } resize
                                                    ? new NamedLayers(("projection", projection), ("resize", resize))
                                                    : new NamedLayers(("projection", projection))
                                            )
                                        )
                                ),
                            ])
                        )
                    )
                ),
                (
                    "convs",
                    new NamedLayers([.. _convolutions.Select((layer, level) => (level.ToString(), (Module)layer))])
                ),
                (
                    "fusion_stage",
                    new NamedLayers(
                        (
                            "layers",
                            new NamedLayers([
                                .. _fusions.Select(
                                    (fusion, i) =>
                                        (
                                            i.ToString(),
                                            (Module)
                                                new NamedLayers(
                                                    ("projection", fusion.Projection),
                                                    ("residual_layer1", fusion.Features),
                                                    ("residual_layer2", fusion.Together)
                                                )
                                        )
                                ),
                            ])
                        )
                    )
                )
            )
        );
        register_module("head", new NamedLayers(("conv1", _head[0]), ("conv2", _head[1]), ("conv3", _head[2])));
    }

    /// <summary>Each pixel becomes factor x factor pixels.</summary>
    private static TransposedConvolutionLayer Enlarging(int channels, int factor, Placement placement) =>
        new(channels, channels, factor, factor, 0, 0, placement);
}
