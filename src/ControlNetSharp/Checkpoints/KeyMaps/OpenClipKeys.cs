using System.Globalization;
using static System.FormattableString;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// Names of the text encoder of SD 2.x: OpenCLIP's in LDM, transformers' in diffusers, which has the three projections
/// of attention apart that OpenCLIP stacks.
/// Source: the names in open_clip transformer.py and transformers modeling_clip.py; the golden README lists them.
/// </summary>
internal static class OpenClipKeys
{
    private const string Layer = "text_model.encoder.layers.";
    private const string Block = "transformer.resblocks.";

    private static readonly (string Transformers, string OpenClip)[] Whole =
    [
        ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
        ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
        ("text_model.final_layer_norm.weight", "ln_final.weight"),
        ("text_model.final_layer_norm.bias", "ln_final.bias"),
        ("logit_scale", "logit_scale"),
    ];

    private static readonly (string Transformers, string OpenClip)[] Parts =
    [
        ("layer_norm1", "ln_1"),
        ("layer_norm2", "ln_2"),
        ("self_attn.out_proj", "attn.out_proj"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
    ];

    private static readonly string[] Projections = ["q_proj", "k_proj", "v_proj"];

    /// <summary>Tensors under transformers' names as OpenCLIP's.</summary>
    public static Dictionary<string, StoredTensor> ToOpenClip(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (name == "text_projection.weight")
            {
                result["text_projection"] = tensor.Transposed();
            }
            else if (
                SplitLayer(name, Layer) is var (layer, rest)
                && layer >= 0
                && rest.Split('.') is ["self_attn", var projection, var kind]
                && Projections.Contains(projection)
            )
            {
                var parts = Projections
                    .Select(p => tensors.GetValueOrDefault(Invariant($"{Layer}{layer}.self_attn.{p}.{kind}")))
                    .OfType<StoredTensor>()
                    .ToList();
                result[Invariant($"{Block}{layer}.attn.in_proj_{kind}")] = StoredTensor.Stacked(parts);
            }
            else
            {
                result[Translate(name, Layer, Block, Whole, Parts)] = tensor;
            }
        }

        return result;
    }

    /// <summary>Tensors under OpenCLIP's names as transformers'.</summary>
    public static Dictionary<string, StoredTensor> ToTransformers(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (name == "text_projection")
            {
                result["text_projection.weight"] = tensor.Transposed();
            }
            else if (
                SplitLayer(name, Block) is var (layer, rest)
                && layer >= 0
                && rest is "attn.in_proj_weight" or "attn.in_proj_bias"
            )
            {
                foreach (var (index, projection) in Projections.Index())
                {
                    result[Invariant($"{Layer}{layer}.self_attn.{projection}.{rest["attn.in_proj_".Length..]}")] =
                        tensor.Third(index);
                }
            }
            else
            {
                result[Translate(name, Block, Layer, [.. Whole.Select(Swap)], [.. Parts.Select(Swap)])] = tensor;
            }
        }

        return result;
    }

    /// <summary>
    /// The linear layers of a block: transformers' module, OpenCLIP's weight, and which third of its rows where
    /// OpenCLIP stacks three of them.
    /// </summary>
    public static IEnumerable<(string Module, string Weight, int? Third)> LinearLayers(int layer) =>
        [
            .. Projections.Select(
                (projection, index) =>
                    (
                        Invariant($"{Layer}{layer}.self_attn.{projection}"),
                        Invariant($"{Block}{layer}.attn.in_proj_weight"),
                        (int?)index
                    )
            ),
            .. Parts
                .Where(part => !part.Transformers.StartsWith("layer_norm", StringComparison.Ordinal))
                .Select(part =>
                    (
                        Invariant($"{Layer}{layer}.{part.Transformers}"),
                        Invariant($"{Block}{layer}.{part.OpenClip}.weight"),
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
}
