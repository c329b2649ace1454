using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Vision;

/// <summary>
/// CLIP's image encoder: a vision transformer over squares of pixels and a class token. Names are those of
/// transformers. Source: Radford et al. 2021, arXiv:2103.00020; transformers 4.42, CLIPVisionModelWithProjection.
/// </summary>
internal sealed class ClipVision : Module
{
    /// <summary>Epsilon of every layer norm in CLIP.</summary>
    public const double NormEpsilon = 1e-5;

    private readonly VisionEmbeddings _embeddings;
    private readonly LayerNormLayer _firstNorm;
    private readonly ModuleList<VisionBlock> _blocks;
    private readonly LayerNormLayer _lastNorm;
    private readonly LinearLayer _projection;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public ClipVision(ClipVisionParams p, Placement placement)
        : base(nameof(ClipVision))
    {
        Params = p;
        _embeddings = new(p, placement);
        _firstNorm = new(p.Width, NormEpsilon, placement);
        _blocks = new ModuleList<VisionBlock>([
            .. Enumerable.Range(0, p.Layers).Select(_ => new VisionBlock(p, placement)),
        ]);
        _lastNorm = new(p.Width, NormEpsilon, placement);
        _projection = new(p.Width, p.EmbeddingWidth, bias: false, placement);
        register_module(
            "vision_model",
            new NamedLayers(
                ("embeddings", _embeddings),
                // Spelt so in the files.
                ("pre_layrnorm", _firstNorm),
                ("encoder", new NamedLayers(("layers", _blocks))),
                ("post_layernorm", _lastNorm)
            )
        );
        register_module("visual_projection", _projection);
    }

    /// <summary>The network's shape.</summary>
    public ClipVisionParams Params { get; }

    /// <summary>The tokens after some blocks, without a norm behind them.</summary>
    /// <param name="pixels">[B, 3, side, side], normalised; the side is that of the shape.</param>
    /// <param name="blocks">How many blocks, 0 to all of them.</param>
    /// <returns>[B, 1 + patches, Width], the class token first, the patches row by row.</returns>
    public Tensor Tokens(Tensor pixels, int blocks)
    {
        using var scope = NewDisposeScope();
        var h = _firstNorm.call(_embeddings.call(pixels));
        foreach (var block in _blocks.Take(blocks))
        {
            h = block.call(h);
            scope.DisposeEverythingBut(h);
        }

        return h.MoveToOuterDisposeScope();
    }

    /// <summary>The tokens that IP-Adapter Plus looks at: those before the last block.</summary>
    /// <inheritdoc cref="Tokens"/>
    public Tensor Penultimate(Tensor pixels) => Tokens(pixels, Params.Layers - 1);

    /// <summary>The normed class token of the last block; [B, Width].</summary>
    /// <inheritdoc cref="Tokens"/>
    public Tensor Pooled(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return _lastNorm.call(Tokens(pixels, Params.Layers).select(1, 0)).MoveToOuterDisposeScope();
    }

    /// <summary>The embedding of a picture, not brought to length 1; [B, EmbeddingWidth].</summary>
    /// <inheritdoc cref="Tokens"/>
    public Tensor Embedding(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        return _projection.call(Pooled(pixels)).MoveToOuterDisposeScope();
    }
}

/// <summary>Squares of pixels and a class token with their positions.</summary>
internal sealed class VisionEmbeddings : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces it when a module moves.
    [ComponentName(Name = "class_embedding")]
    private Parameter _classToken;
#pragma warning restore IDE0044, RCS1169

    [ComponentName(Name = "patch_embedding")]
    private readonly ConvolutionLayer _patches;

    [ComponentName(Name = "position_embedding")]
    private readonly EmbeddingLayer _positions;

    public VisionEmbeddings(ClipVisionParams p, Placement placement)
        : base(nameof(VisionEmbeddings))
    {
        _classToken = LayerMemory.Empty(placement, p.Width);
        _patches = new(3, p.Width, p.Patch, p.Patch, 0, placement, bias: false);
        _positions = new(p.Grid * p.Grid + 1, p.Width, placement);
        RegisterComponents();
    }

    /// <summary>[B, 3, H, W] -> [B, 1 + patches, Width].</summary>
    public override Tensor forward(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        var patches = _patches.call(pixels).flatten(2).transpose(1, 2);
        var first = _classToken.to(patches.dtype).expand(patches.shape[0], 1, -1);
        var tokens = cat([first, patches], 1);
        var positions = _positions.call(TensorArithmetic.Indices(tokens.shape[1], tokens.device));
        return tokens.Plus(positions.to(tokens.dtype)).MoveToOuterDisposeScope();
    }
}
