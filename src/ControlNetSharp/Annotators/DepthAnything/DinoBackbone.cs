using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.DepthAnything;

/// <summary>
/// DINOv2: pictures to the tokens of four blocks. Names are those of transformers (<c>backbone.</c>). Source: Oquab et
/// al. 2023, arXiv:2304.07193; transformers 4.50, models/dinov2.
/// </summary>
internal sealed class DinoBackbone : Module
{
    private const double Epsilon = 1e-6;
    private const string ClassToken = "cls_token";
    private const string Positions = "position_embeddings";
    private const string LayerScale = "lambda1";
    private readonly DepthAnythingParams _params;
    private readonly ConvolutionLayer _patches;
    private readonly NamedParameters _embeddings;
    private readonly Block[] _blocks;
    private readonly LayerNormLayer _norm;

    public DinoBackbone(DepthAnythingParams p, Placement placement)
        : base(nameof(DinoBackbone))
    {
        _params = p;
        _patches = new(3, p.Width, p.Patch, p.Patch, 0, placement);
        _blocks = [.. Enumerable.Range(0, p.Blocks).Select(_ => new Block(p, placement))];
        _norm = new(p.Width, Epsilon, placement);
        _embeddings = new(
            (ClassToken, LayerMemory.Empty(placement, 1, 1, p.Width)),
            // Stored in files; of use in training only.
            ("mask_token", LayerMemory.Empty(placement, 1, p.Width)),
            (Positions, LayerMemory.Empty(placement, 1, p.Grid * p.Grid + 1, p.Width))
        );
        _embeddings.register_module("patch_embeddings", new NamedLayers(("projection", _patches)));
        register_module("embeddings", _embeddings);
        register_module(
            "encoder",
            new NamedLayers(
                ("layer", new NamedLayers([.. _blocks.Select((block, i) => (i.ToString(), (Module)block))]))
            )
        );
        register_module("layernorm", _norm);
    }

    /// <summary>[B, 3, H, W] -> class token, then patches row by row: [B, 1 + h·w, width].</summary>
    /// <remarks>
    /// Positions are resized (cubic) to the grid of the picture by its size, as transformers 4.50 does; older code
    /// resizes by a factor of (n + 0.1) / grid.
    /// </remarks>
    public Tensor Embed(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var features = _patches.call(pictures);
        var (height, width, grid) = (features.shape[2], features.shape[3], _params.Grid);
        var (tokens, positions) = (features.flatten(2).transpose(1, 2), _embeddings[Positions]);
        var together = cat([_embeddings[ClassToken].expand(tokens.shape[0], 1, _params.Width), tokens], 1);
        if (height == grid && width == grid)
        {
            return together.Plus(positions).MoveToOuterDisposeScope();
        }

        var trained = positions.narrow(1, 1, grid * grid).reshape(1, grid, grid, _params.Width).permute(0, 3, 1, 2);
        var resized = interpolate(trained, size: [height, width], mode: InterpolationMode.Bicubic, align_corners: false)
            .flatten(2)
            .transpose(1, 2);
        return together.Plus(cat([positions.narrow(1, 0, 1), resized], 1)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The tokens after the blocks of <see cref="DepthAnythingParams.Taps"/>, normalised, with the class token: each
    /// [B, 1 + h·w, width].
    /// </summary>
    public Tensor[] Features(Tensor embedded)
    {
        using var scope = NewDisposeScope();
        var (h, features) = (embedded, new List<Tensor>());
        foreach (var (i, block) in _blocks.Index())
        {
            h = block.call(h);
            if (_params.Taps.Contains(i + 1))
            {
                features.Add(_norm.call(h));
            }

            scope.DisposeEverythingBut([h, .. features]);
        }

        return [.. features.Select(feature => feature.MoveToOuterDisposeScope())];
    }

    /// <summary>x + scale · attention(norm(x)), then x + scale · mlp(norm(x)) with the exact GELU.</summary>
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly LayerNormLayer _norm1;
        private readonly LayerNormLayer _norm2;
        private readonly LinearLayer[] _qkv;
        private readonly LinearLayer _out;
        private readonly LinearLayer _fc1;
        private readonly LinearLayer _fc2;
        private readonly NamedParameters _scale1;
        private readonly NamedParameters _scale2;
        private readonly int _heads;

        public Block(DepthAnythingParams p, Placement placement)
            : base(nameof(Block))
        {
            _heads = p.Heads;
            (_norm1, _norm2) = (new(p.Width, Epsilon, placement), new(p.Width, Epsilon, placement));
            _qkv = [.. Enumerable.Range(0, 3).Select(_ => new LinearLayer(p.Width, p.Width, bias: true, placement))];
            (_out, _fc1, _fc2) = (
                new(p.Width, p.Width, bias: true, placement),
                new(p.Width, p.MlpWidth, bias: true, placement),
                new(p.MlpWidth, p.Width, bias: true, placement)
            );
            (_scale1, _scale2) = (
                new((LayerScale, LayerMemory.Empty(placement, p.Width))),
                new((LayerScale, LayerMemory.Empty(placement, p.Width)))
            );
            register_module("norm1", _norm1);
            register_module(
                "attention",
                new NamedLayers(
                    ("attention", new NamedLayers(("query", _qkv[0]), ("key", _qkv[1]), ("value", _qkv[2]))),
                    ("output", new NamedLayers(("dense", _out)))
                )
            );
            register_module("layer_scale1", _scale1);
            register_module("norm2", _norm2);
            register_module("mlp", new NamedLayers(("fc1", _fc1), ("fc2", _fc2)));
            register_module("layer_scale2", _scale2);
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var normed = _norm1.call(x);
            var attended = Attention.MultiHead(
                _qkv[0].call(normed),
                _qkv[1].call(normed),
                _qkv[2].call(normed),
                _heads
            );
            var h = x.Plus(_out.call(attended) * _scale1[LayerScale]);
            return h.Plus(_fc2.call(gelu(_fc1.call(_norm2.call(h)))) * _scale2[LayerScale]).MoveToOuterDisposeScope();
        }
    }
}
