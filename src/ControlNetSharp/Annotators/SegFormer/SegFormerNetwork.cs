using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.SegFormer;

/// <summary>
/// SegFormer: pictures to a score for each class. Names are those of transformers. Source: Xie et al. 2021,
/// arXiv:2105.15203; transformers 4.42, SegformerForSemanticSegmentation.
/// </summary>
internal sealed class SegFormerNetwork : Module
{
    private const double NormEpsilon = 1e-5;
    private readonly (
        ConvolutionLayer Patches,
        LayerNormLayer PatchNorm,
        SegFormerBlock[] Blocks,
        LayerNormLayer Norm
    )[] _stages;
    private readonly LinearLayer[] _levels;
    private readonly ConvolutionLayer _fuse;
    private readonly BatchNormLayer _norm;
    private readonly ConvolutionLayer _classifier;

    public SegFormerNetwork(SegFormerParams p, Placement placement)
        : base(nameof(SegFormerNetwork))
    {
        _stages =
        [
            .. p.Stages.Select(
                (stage, i) =>
                    (
                        new ConvolutionLayer(
                            i == 0 ? 3 : p.Stages[i - 1].Channels,
                            stage.Channels,
                            stage.Patch,
                            stage.Stride,
                            stage.Patch / 2,
                            placement
                        ),
                        Norm(stage.Channels),
                        Enumerable.Range(0, stage.Blocks).Select(_ => new SegFormerBlock(stage, placement)).ToArray(),
                        Norm(stage.Channels)
                    )
            ),
        ];
        _levels = [.. p.Stages.Select(stage => new LinearLayer(stage.Channels, p.DecoderWidth, bias: true, placement))];
        (_fuse, _norm, _classifier) = (
            new(p.Stages.Count * p.DecoderWidth, p.DecoderWidth, 1, 1, 0, placement, bias: false),
            new(p.DecoderWidth, NormEpsilon, placement),
            new(p.DecoderWidth, p.Labels, 1, 1, 0, placement)
        );
        Register();

        LayerNormLayer Norm(int channels) => new(channels, SegFormerBlock.Epsilon, placement);
    }

    /// <summary>Runs the network.</summary>
    /// <param name="pictures">[B, 3, H, W], normalised by ImageNet's mean and deviation. Borrowed.</param>
    /// <returns>Scores at a quarter of the size, rounded up: [B, labels, h, w].</returns>
    public Tensor Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return Decode(Encode(pictures)).MoveToOuterDisposeScope();
    }

    /// <summary>The maps of the stages, fine to coarse, each after its norm.</summary>
    internal Tensor[] Encode(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var maps = new List<Tensor>();
        foreach (var stage in _stages)
        {
            var (tokens, height, width) = Embed(maps.Count, maps.Count == 0 ? pictures : maps[^1]);
            foreach (var block in stage.Blocks)
            {
                tokens = block.Run(tokens, height, width);
            }

            maps.Add(stage.Norm.call(tokens).transpose(1, 2).reshape(tokens.shape[0], tokens.shape[2], height, width));
            scope.DisposeEverythingBut(maps);
        }

        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>A map as the tokens of a stage, with their rows and columns.</summary>
    internal (Tensor Tokens, long Height, long Width) Embed(int stage, Tensor map)
    {
        using var scope = NewDisposeScope();
        var features = _stages[stage].Patches.call(map);
        return (
            _stages[stage].PatchNorm.call(features.flatten(2).transpose(1, 2)).MoveToOuterDisposeScope(),
            features.shape[2],
            features.shape[3]
        );
    }

    /// <summary>The first block of the first stage.</summary>
    internal SegFormerBlock FirstBlock => _stages[0].Blocks[0];

    private Tensor Decode(Tensor[] maps)
    {
        var (height, width) = (maps[0].shape[2], maps[0].shape[3]);
        // The coarsest level comes first.
        var levels = maps.Select(
                (map, i) =>
                {
                    var mixed = _levels[i]
                        .call(map.flatten(2).transpose(1, 2))
                        .transpose(1, 2)
                        .reshape(map.shape[0], -1, map.shape[2], map.shape[3]);
                    return Upsampling.Edges(mixed, height, width);
                }
            )
            .Reverse()
            .ToArray();
        return _classifier.call(relu(_norm.call(_fuse.call(cat(levels, 1)))));
    }

    private void Register()
    {
        NamedLayers Numbered(IEnumerable<Module> layers) =>
            new([.. layers.Select((layer, i) => (i.ToString(), layer))]);
        register_module(
            "segformer",
            new NamedLayers(
                (
                    "encoder",
                    new NamedLayers(
                        (
                            "patch_embeddings",
                            Numbered(
                                _stages.Select(stage => new NamedLayers(
                                    ("proj", stage.Patches),
                                    ("layer_norm", stage.PatchNorm)
                                ))
                            )
                        ),
                        ("block", Numbered(_stages.Select(stage => Numbered(stage.Blocks)))),
                        ("layer_norm", Numbered(_stages.Select(stage => stage.Norm)))
                    )
                )
            )
        );
        register_module(
            "decode_head",
            new NamedLayers(
                ("linear_c", Numbered(_levels.Select(level => new NamedLayers(("proj", level))))),
                ("linear_fuse", _fuse),
                ("batch_norm", _norm),
                ("classifier", _classifier)
            )
        );
    }
}
