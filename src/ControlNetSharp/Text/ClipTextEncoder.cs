using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Text;

/// <summary>
/// CLIP's text transformer under transformers' names (LDM checkpoints of SD 1.x put
/// <c>cond_stage_model.transformer.</c> before them).
/// The buffer <c>text_model.embeddings.position_ids</c> of older files is 0 to 76 and not a weight. Source: CLIP
/// clip/model.py; transformers modeling_clip.py for the names.
/// </summary>
public sealed class ClipTextEncoder : Module, ITextEncoder
{
    private static readonly TextBlockNames BlockNames = new(
        "layer_norm1",
        "self_attn",
        "layer_norm2",
        "mlp",
        "fc1",
        "fc2"
    );
    private readonly EmbeddingLayer _tokens;
    private readonly EmbeddingLayer _positions;
    private readonly ModuleList<TextBlock> _blocks;
    private readonly LayerNormLayer _finalNorm;
    private readonly LinearLayer? _projection;

    /// <summary>Creates the encoder; its weights are uninitialised until loaded or set.</summary>
    public ClipTextEncoder(TextEncoderParams p, Placement placement)
        : base(nameof(ClipTextEncoder))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _tokens = new(p.VocabularySize, p.Width, placement);
        _positions = new(p.ContextLength, p.Width, placement);
        _blocks = new([
            .. Enumerable
                .Range(0, p.Layers)
                .Select(_ => new TextBlock(
                    p,
                    BlockNames,
                    new ClipAttention(p.Width, p.Heads, isCausal: true, placement),
                    placement
                )),
        ]);
        _finalNorm = new(p.Width, TextBlock.NormEpsilon, placement);
        register_module(
            "text_model",
            new NamedLayers(
                ("embeddings", new NamedLayers(("token_embedding", _tokens), ("position_embedding", _positions))),
                ("encoder", new NamedLayers(("layers", _blocks))),
                ("final_layer_norm", _finalNorm)
            )
        );
        if (p.ProjectionWidth is { } width)
        {
            _projection = new(p.Width, width, bias: false, placement);
            register_module("text_projection", _projection);
        }
    }

    /// <inheritdoc/>
    public TextEncoderParams Params { get; }

    /// <inheritdoc/>
    public int PadToken => Params.PadToken;

    /// <inheritdoc/>
    public Tensor Encode(Tensor tokens, int? clipSkip = null, Tensor? vectors = null)
    {
        using var scope = NewDisposeScope();
        return Conditioning(
                TextTransformer.Run(Embed(tokens, vectors), _blocks, Params, clipSkip ?? Params.DefaultClipSkip)
            )
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Features, Tensor Pooled) EncodePooled(Tensor tokens, int? clipSkip = null, Tensor? vectors = null)
    {
        using var scope = NewDisposeScope();
        var states = HiddenStates(tokens, vectors);
        var features = Conditioning(
            states[^TextTransformer.CheckedClipSkip(clipSkip ?? Params.DefaultClipSkip, Params)]
        );
        return (
            features.MoveToOuterDisposeScope(),
            Pool(tokens, _finalNorm.call(states[^1])).MoveToOuterDisposeScope()
        );
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> HiddenStates(Tensor tokens, Tensor? vectors = null) =>
        TextTransformer.RunEach(Embed(tokens, vectors), _blocks);

    /// <inheritdoc/>
    public Tensor Pool(Tensor tokens, Tensor features)
    {
        using var scope = NewDisposeScope();
        var pooled = TextTransformer.AtEndToken(tokens, features);
        return (_projection?.call(pooled) ?? pooled).MoveToOuterDisposeScope();
    }

    private Tensor Conditioning(Tensor features) => Params.NormsConditioning ? _finalNorm.call(features) : features;

    private Tensor Embed(Tensor tokens, Tensor? vectors)
    {
        TextTransformer.CheckTokens(tokens, Params);
        using var scope = NewDisposeScope();
        return TextTransformer
            .Vectors(_tokens, tokens, vectors)
            .Plus(_positions.call(TensorArithmetic.Indices(tokens.shape[1], tokens.device)))
            .MoveToOuterDisposeScope();
    }
}
