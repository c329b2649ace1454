using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Text;

/// <summary>
/// CLIP's text transformer under OpenCLIP's names (LDM checkpoints of SD 2.x put <c>cond_stage_model.model.</c> before
/// them).
/// SD 2.x was trained on the last but one block (clip skip 2, the default in its params) with the final norm. Source:
/// CLIP clip/model.py; open_clip transformer.py for the names.
/// </summary>
public sealed class OpenClipTextEncoder : Module, ITextEncoder
{
    private static readonly TextBlockNames BlockNames = new("ln_1", "attn", "ln_2", "mlp", "c_fc", "c_proj");
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "positional_embedding")]
    private Parameter _positions;

    [ComponentName(Name = "text_projection")]
    private Parameter? _projection;

    [ComponentName(Name = "logit_scale")]
    private Parameter? _logitScale;
#pragma warning restore IDE0044, RCS1169
    [ComponentName(Name = "token_embedding")]
    private readonly EmbeddingLayer _tokens;

    [ComponentName(Name = "ln_final")]
    private readonly LayerNormLayer _finalNorm;

    [ComponentName(Name = "transformer")]
    private readonly NamedLayers _transformer;

    /// <summary>Creates the encoder; its weights are uninitialised until loaded or set.</summary>
    public OpenClipTextEncoder(TextEncoderParams p, Placement placement)
        : base(nameof(OpenClipTextEncoder))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _positions = LayerMemory.Empty(placement, p.ContextLength, p.Width);
        _projection = p.ProjectionWidth is { } width ? LayerMemory.Empty(placement, p.Width, width) : null;
        _logitScale = p.HasLogitScale ? LayerMemory.Empty(placement) : null;
        _tokens = new(p.VocabularySize, p.Width, placement);
        _finalNorm = new(p.Width, TextBlock.NormEpsilon, placement);
        Blocks =
        [
            .. Enumerable
                .Range(0, p.Layers)
                .Select(_ => new TextBlock(
                    p,
                    BlockNames,
                    new StackedTextAttention(p.Width, p.Heads, placement),
                    placement
                )),
        ];
        _transformer = new(("resblocks", new ModuleList<TextBlock>([.. Blocks])));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public TextEncoderParams Params { get; }

    /// <inheritdoc/>
    public int PadToken => Params.PadToken;

    private IReadOnlyList<TextBlock> Blocks { get; }

    /// <inheritdoc/>
    public Tensor Encode(Tensor tokens, int? clipSkip = null, Tensor? vectors = null)
    {
        using var scope = NewDisposeScope();
        return Conditioning(
                TextTransformer.Run(Embed(tokens, vectors), Blocks, Params, clipSkip ?? Params.DefaultClipSkip)
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
        TextTransformer.RunEach(Embed(tokens, vectors), Blocks);

    /// <inheritdoc/>
    public Tensor Pool(Tensor tokens, Tensor features)
    {
        using var scope = NewDisposeScope();
        var pooled = TextTransformer.AtEndToken(tokens, features);
        return (_projection is null ? pooled : pooled.matmul(_projection.to(pooled.dtype))).MoveToOuterDisposeScope();
    }

    private Tensor Conditioning(Tensor features) => Params.NormsConditioning ? _finalNorm.call(features) : features;

    private Tensor Embed(Tensor tokens, Tensor? vectors)
    {
        TextTransformer.CheckTokens(tokens, Params);
        using var scope = NewDisposeScope();
        return TextTransformer
            .Vectors(_tokens, tokens, vectors)
            .Plus(_positions.narrow(0, 0, tokens.shape[1]))
            .MoveToOuterDisposeScope();
    }
}
