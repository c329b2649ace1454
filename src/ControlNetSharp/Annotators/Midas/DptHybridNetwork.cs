using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// MiDaS 3 "DPT hybrid": a ResNet and a vision transformer, decoded to inverse depth. Names are those of
/// <c>dpt_hybrid-midas-501f0c75.pt</c>.
/// Source: Ranftl et al. 2021, arXiv:2103.13413; annotator/midas/midas/dpt_depth.py (backbone vitb_rn50_384, readout
/// "project"), lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class DptHybridNetwork : Module
{
    /// <summary>Heights and widths must be multiples of this.</summary>
    public const int SizeStep = 32;

    private const string ClassToken = "cls_token";
    private const string Positions = "pos_embed";
    private const int Width = 768;
    private const int Heads = 12;
    private const int Blocks = 12;
    private const int Patch = 16;

    /// <summary>Positions along a side of the grid that the position embeddings were trained on (384 pixels).</summary>
    private const int Grid = 24;

    /// <summary>Labels of the classifier, which the file has and depth does not need.</summary>
    private const int Labels = 1000;

    private const int FusionChannels = 256;

    /// <summary>The numbers of blocks after which features leave the transformer.</summary>
    internal static readonly (int Third, int Fourth) Taps = (9, 12);

    private readonly ResidualBackbone _backbone;
    private readonly ConvolutionLayer _patches;
    private readonly NamedParameters _transformer;
    private readonly VisionTransformerBlock[] _blocks;
    private readonly (LinearLayer Readout, ConvolutionLayer Projection) _third;
    private readonly (LinearLayer Readout, ConvolutionLayer Projection, ConvolutionLayer Shrink) _fourth;
    private readonly ConvolutionLayer[] _levels;
    private readonly DptFusion[] _fusions;
    private readonly ConvolutionLayer[] _head;

    public DptHybridNetwork(Placement placement)
        : base(nameof(DptHybridNetwork))
    {
        _backbone = new(placement);
        _patches = new(ResidualBackbone.StageChannels[^1], Width, 1, 1, 0, placement);
        _transformer = new(
            (ClassToken, LayerMemory.Empty(placement, 1, 1, Width)),
            (Positions, LayerMemory.Empty(placement, 1, Grid * Grid + 1, Width))
        );
        _blocks = [.. Enumerable.Range(0, Blocks).Select(_ => new VisionTransformerBlock(Width, Heads, placement))];
        _third = (new(2 * Width, Width, bias: true, placement), new(Width, Width, 1, 1, 0, placement));
        _fourth = (
            new(2 * Width, Width, bias: true, placement),
            new(Width, Width, 1, 1, 0, placement),
            new(Width, Width, 3, 2, 1, placement)
        );
        int[] levels = [ResidualBackbone.StageChannels[0], ResidualBackbone.StageChannels[1], Width, Width];
        _levels =
        [
            .. levels.Select(channels => new ConvolutionLayer(
                channels,
                FusionChannels,
                3,
                1,
                1,
                placement,
                bias: false
            )),
        ];
        _fusions = [.. levels.Select(_ => new DptFusion(FusionChannels, placement))];
        _head =
        [
            new(FusionChannels, 128, 3, 1, 1, placement),
            new(128, 32, 3, 1, 1, placement),
            new(32, 1, 1, 1, 0, placement),
        ];
        Register(placement);
    }

    /// <summary>Runs the network.</summary>
    /// <param name="pictures">[B, 3, H, W] in -1..1, RGB; H and W multiples of 32. Borrowed.</param>
    /// <returns>Inverse depth up to scale and shift, 0 or more, near is large: [B, H, W].</returns>
    public Tensor Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var first = _backbone.Stage(0, _backbone.Stem(pictures));
        var second = _backbone.Stage(1, first);
        var (gridHeight, gridWidth) = (pictures.shape[2] / Patch, pictures.shape[3] / Patch);
        var third = RunBlocks(Embed(_backbone.Stage(2, second)), 0, Taps.Third);
        var fourth = RunBlocks(third, Taps.Third, Taps.Fourth);
        return Head(Fuse(first, second, Third(third, gridHeight, gridWidth), Fourth(fourth, gridHeight, gridWidth))[0])
            .MoveToOuterDisposeScope();
    }

    internal ResidualBackbone Backbone => _backbone;

    /// <summary>Class token and patches with their positions: [B, 1024, h, w] -> [B, 1 + h·w, 768].</summary>
    internal Tensor Embed(Tensor features)
    {
        using var scope = NewDisposeScope();
        var tokens = _patches.call(features).flatten(2).transpose(1, 2);
        var trained = _transformer[Positions];
        var grid = trained.narrow(1, 1, Grid * Grid).reshape(1, Grid, Grid, Width).permute(0, 3, 1, 2);
        var positions = Upsampling.Edges(grid, features.shape[2], features.shape[3]).flatten(2).transpose(1, 2);
        return cat([_transformer[ClassToken].expand(tokens.shape[0], 1, Width), tokens], 1)
            .Plus(cat([trained.narrow(1, 0, 1), positions], 1))
            .MoveToOuterDisposeScope();
    }

    /// <summary>The blocks from one number to before another.</summary>
    internal Tensor RunBlocks(Tensor tokens, int from, int to)
    {
        using var scope = NewDisposeScope();
        var h = tokens;
        foreach (var block in _blocks[from..to])
        {
            h = block.call(h);
            scope.DisposeEverythingBut(h);
        }

        return h.MoveToOuterDisposeScope();
    }

    /// <summary>Tokens after block 9 to [B, 768, h, w].</summary>
    internal Tensor Third(Tensor tokens, long height, long width)
    {
        using var scope = NewDisposeScope();
        return _third.Projection.call(ReadOut(_third.Readout, tokens, height, width)).MoveToOuterDisposeScope();
    }

    /// <summary>Tokens after block 12 to [B, 768, h/2, w/2].</summary>
    internal Tensor Fourth(Tensor tokens, long height, long width)
    {
        using var scope = NewDisposeScope();
        return _fourth
            .Shrink.call(_fourth.Projection.call(ReadOut(_fourth.Readout, tokens, height, width)))
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Features of four levels, fine to coarse, to the decoder's maps: entry 0 is the finest, at half of the picture's
    /// size.
    /// </summary>
    internal Tensor[] Fuse(params Tensor[] levels)
    {
        using var scope = NewDisposeScope();
        var maps = new Tensor[levels.Length];
        for (var level = levels.Length - 1; level >= 0; level--)
        {
            var features = _levels[level].call(levels[level]);
            maps[level] =
                level == levels.Length - 1
                    ? _fusions[level].Run(features, null)
                    : _fusions[level].Run(maps[level + 1], features);
        }

        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>Each patch together with the class token, mixed by a linear layer, as a map.</summary>
    private static Tensor ReadOut(LinearLayer layer, Tensor tokens, long height, long width)
    {
        var patches = tokens.narrow(1, 1, tokens.shape[1] - 1);
        var readout = tokens.narrow(1, 0, 1).expand_as(patches);
        return gelu(layer.call(cat([patches, readout], -1)))
            .transpose(1, 2)
            .reshape(tokens.shape[0], Width, height, width);
    }

    private Tensor Head(Tensor map)
    {
        var h = _head[0].call(map);
        h = Upsampling.Corners(h, 2 * h.shape[2], 2 * h.shape[3]);
        return relu(_head[2].call(relu(_head[1].call(h)))).squeeze(1);
    }

    private void Register(Placement placement)
    {
        _transformer.register_module("patch_embed", new NamedLayers(("backbone", _backbone), ("proj", _patches)));
        _transformer.register_module(
            "blocks",
            new NamedLayers([.. _blocks.Select((block, i) => (i.ToString(), (Module)block))])
        );
        _transformer.register_module("norm", new LayerNormLayer(Width, VisionTransformerBlock.Epsilon, placement));
        _transformer.register_module("head", new LinearLayer(Width, Labels, bias: true, placement));
        // The numbers are places in the original's sequences; what lies between has no weights.
        register_module(
            "pretrained",
            new NamedLayers(
                ("model", _transformer),
                (
                    "act_postprocess3",
                    new NamedLayers(
                        ("0", new NamedLayers(("project", new NamedLayers(("0", _third.Readout))))),
                        ("3", _third.Projection)
                    )
                ),
                (
                    "act_postprocess4",
                    new NamedLayers(
                        ("0", new NamedLayers(("project", new NamedLayers(("0", _fourth.Readout))))),
                        ("3", _fourth.Projection),
                        ("4", _fourth.Shrink)
                    )
                )
            )
        );
        register_module(
            "scratch",
            new NamedLayers([
                .. _levels.Select((layer, i) => ($"layer{i + 1}_rn", (Module)layer)),
                .. _fusions.Select((layer, i) => ($"refinenet{i + 1}", (Module)layer)),
                ("output_conv", new NamedLayers(("0", _head[0]), ("2", _head[1]), ("4", _head[2]))),
            ])
        );
    }
}
