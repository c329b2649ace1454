using System.Globalization;
using static System.FormattableString;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// Names of CLIP's encoders of texts and pictures: OpenCLIP's, which SD 2.x has in LDM, and transformers', which has
/// the three projections of attention apart that OpenCLIP stacks.
/// Source: the names in open_clip transformer.py and transformers modeling_clip.py; the golden README lists them.
/// </summary>
internal static class OpenClipKeys
{
    /// <summary>A tensor that OpenCLIP's encoder of pictures has.</summary>
    public const string Patches = "visual.conv1.weight";

    private static readonly Encoder Text = new(
        "text_model.encoder.layers.",
        "transformer.resblocks.",
        ("text_projection.weight", "text_projection"),
        [
            ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
            ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
            ("text_model.final_layer_norm.weight", "ln_final.weight"),
            ("text_model.final_layer_norm.bias", "ln_final.bias"),
            ("logit_scale", "logit_scale"),
        ]
    );

    private static readonly Encoder Pictures = new(
        "vision_model.encoder.layers.",
        "visual.transformer.resblocks.",
        ("visual_projection.weight", "visual.proj"),
        [
            ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
            ("vision_model.embeddings.patch_embedding.weight", Patches),
            ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
            // Spelt so in the files.
            ("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"),
            ("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"),
            ("vision_model.post_layernorm.weight", "visual.ln_post.weight"),
            ("vision_model.post_layernorm.bias", "visual.ln_post.bias"),
        ]
    );

    private static readonly (string Transformers, string OpenClip)[] Parts =
    [
        ("layer_norm1", "ln_1"),
        ("layer_norm2", "ln_2"),
        ("self_attn.out_proj", "attn.out_proj"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
    ];

    private static readonly string[] Projections = ["q_proj", "k_proj", "v_proj"];

    /// <summary>Tensors of texts under transformers' names as OpenCLIP's.</summary>
    public static Dictionary<string, StoredTensor> ToOpenClip(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (name == Text.Projection.Transformers)
            {
                result[Text.Projection.OpenClip] = tensor.Transposed();
            }
            else if (
                SplitLayer(name, Text.Layer) is var (layer, rest)
                && layer >= 0
                && rest.Split('.') is ["self_attn", var projection, var kind]
                && Projections.Contains(projection)
            )
            {
                var parts = Projections
                    .Select(p => tensors.GetValueOrDefault(Invariant($"{Text.Layer}{layer}.self_attn.{p}.{kind}")))
                    .OfType<StoredTensor>()
                    .ToList();
                result[Invariant($"{Text.Block}{layer}.attn.in_proj_{kind}")] = StoredTensor.Stacked(parts);
            }
            else
            {
                result[Translate(name, Text.Layer, Text.Block, Text.Whole, Parts)] = tensor;
            }
        }

        return result;
    }

    /// <summary>Tensors of texts under OpenCLIP's names as transformers'.</summary>
    public static Dictionary<string, StoredTensor> ToTransformers(IReadOnlyDictionary<string, StoredTensor> tensors) =>
        ToTransformers(tensors, Text);

    /// <summary>The same for tensors of pictures; those of texts beside them stay as they are.</summary>
    public static Dictionary<string, StoredTensor> PicturesToTransformers(
        IReadOnlyDictionary<string, StoredTensor> tensors
    ) => ToTransformers(tensors, Pictures);

    private static Dictionary<string, StoredTensor> ToTransformers(
        IReadOnlyDictionary<string, StoredTensor> tensors,
        Encoder encoder
    )
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (name == encoder.Projection.OpenClip)
            {
                result[encoder.Projection.Transformers] = tensor.Transposed();
            }
            else if (
                SplitLayer(name, encoder.Block) is var (layer, rest)
                && layer >= 0
                && rest is "attn.in_proj_weight" or "attn.in_proj_bias"
            )
            {
                foreach (var (index, projection) in Projections.Index())
                {
                    var own = $"{layer}.self_attn.{projection}.{rest["attn.in_proj_".Length..]}";
                    result[encoder.Layer + own] = tensor.Third(index);
                }
            }
            else
            {
                (string, string)[] whole = [.. encoder.Whole.Select(Swap)];
                result[Translate(name, encoder.Block, encoder.Layer, whole, [.. Parts.Select(Swap)])] = tensor;
            }
        }

        return result;
    }

    /// <summary>
    /// The linear layers of a block of texts: transformers' module, OpenCLIP's weight, and which third of its rows
    /// where OpenCLIP stacks three of them.
    /// </summary>
    public static IEnumerable<(string Module, string Weight, int? Third)> LinearLayers(int layer) =>
        [
            .. Projections.Select(
                (projection, index) =>
                    (
                        Invariant($"{Text.Layer}{layer}.self_attn.{projection}"),
                        Invariant($"{Text.Block}{layer}.attn.in_proj_weight"),
                        (int?)index
                    )
            ),
            .. Parts
                .Where(part => !part.Transformers.StartsWith("layer_norm", StringComparison.Ordinal))
                .Select(part =>
                    (
                        Invariant($"{Text.Layer}{layer}.{part.Transformers}"),
                        Invariant($"{Text.Block}{layer}.{part.OpenClip}.weight"),
                        (int?)null
                    )
                ),
        ];

    private static (string, string) Swap((string Transformers, string OpenClip) row) =>
        (row.OpenClip, row.Transformers);

    /// <summary>
    /// The other layout's name; a name that it does not know stays as it is and is reported by whoever compares names.
    /// </summary>
    private static string Translate(
        string name,
        string from,
        string to,
        IReadOnlyList<(string From, string To)> whole,
        IReadOnlyList<(string From, string To)> parts
    )
    {
        if (whole.FirstOrDefault(row => row.From == name) is { To: { } found })
        {
            return found;
        }

        var (layer, rest) = SplitLayer(name, from);
        var part = parts.FirstOrDefault(part => rest.StartsWith(part.From + ".", StringComparison.Ordinal));
        return layer >= 0 && part.To is not null ? Invariant($"{to}{layer}.{part.To}{rest[part.From.Length..]}") : name;
    }

    private static (int Layer, string Tail) SplitLayer(string name, string prefix)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return (-1, "");
        }

        var dot = name.IndexOf('.', prefix.Length);
        return
            dot > 0
            && int.TryParse(
                name.AsSpan(prefix.Length, dot - prefix.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var layer
            )
            ? (layer, name[(dot + 1)..])
            : (-1, "");
    }

    /// <summary>One of the two encoders.</summary>
    /// <param name="Layer">What transformers' names of its blocks begin with.</param>
    /// <param name="Block">What OpenCLIP's begin with.</param>
    /// <param name="Projection">The last projection, which OpenCLIP has transposed.</param>
    /// <param name="Whole">Tensors outside of the blocks.</param>
    private sealed record Encoder(
        string Layer,
        string Block,
        (string Transformers, string OpenClip) Projection,
        IReadOnlyList<(string Transformers, string OpenClip)> Whole
    );
}
