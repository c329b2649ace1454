using System.Globalization;
using System.Text.RegularExpressions;
using static System.FormattableString;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// Names of Depth Anything V2: the project's own <c>.pth</c> files as those for transformers, which have the three
/// projections of attention apart that DINOv2 stacks, and count the decoder's levels from the coarsest on. Source: the
/// names in depth_anything_v2/dpt.py, dinov2.py and util/blocks.py, DepthAnything/Depth-Anything-V2, and in
/// transformers, modeling_depth_anything.py and modeling_dinov2.py.
/// </summary>
internal static partial class DepthAnythingKeys
{
    private const string Layer = "backbone.encoder.layer.";
    private const string Stage = "neck.reassemble_stage.layers.";
    private const int Levels = 4;
    private static readonly string[] Projections = ["query", "key", "value"];

    /// <summary>What a name begins with; the first row that fits counts, and a number in it keeps its place.</summary>
    private static readonly (string Own, string Transformers)[] Beginnings =
    [
        ("pretrained.pos_embed", "backbone.embeddings.position_embeddings"),
        ("pretrained.cls_token", "backbone.embeddings.cls_token"),
        ("pretrained.mask_token", "backbone.embeddings.mask_token"),
        ("pretrained.patch_embed.proj.", "backbone.embeddings.patch_embeddings.projection."),
        ("pretrained.norm.", "backbone.layernorm."),
        ("pretrained.blocks.#.attn.proj.", Layer + "#.attention.output.dense."),
        ("pretrained.blocks.#.ls1.gamma", Layer + "#.layer_scale1.lambda1"),
        ("pretrained.blocks.#.ls2.gamma", Layer + "#.layer_scale2.lambda1"),
        ("pretrained.blocks.#.", Layer + "#."),
        ("depth_head.projects.#.", Stage + "#.projection."),
        ("depth_head.resize_layers.#.", Stage + "#.resize."),
        ("depth_head.scratch.output_conv1.", "head.conv1."),
        ("depth_head.scratch.output_conv2.0.", "head.conv2."),
        ("depth_head.scratch.output_conv2.2.", "head.conv3."),
    ];

    private static readonly (string Own, string Transformers)[] Fusions =
    [
        ("out_conv.", "projection."),
        ("resConfUnit1.conv", "residual_layer1.convolution"),
        ("resConfUnit2.conv", "residual_layer2.convolution"),
    ];

    /// <summary>The tensors under transformers' names; as they are where they have those.</summary>
    /// <exception cref="CheckpointException">A stacked projection cannot be divided by three.</exception>
    public static Dictionary<string, StoredTensor> ToTransformers(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var result = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var (name, tensor) in tensors)
        {
            if (Stacked().Match(name) is { Success: true } stacked)
            {
                foreach (var (i, projection) in Projections.Index())
                {
                    var (block, kind) = (stacked.Groups["block"], stacked.Groups["kind"]);
                    result[$"{Layer}{block}.attention.attention.{projection}.{kind}"] = tensor.Third(i);
                }
            }
            else
            {
                result[NameOf(name)] = tensor;
            }
        }

        return result;
    }

    private static string NameOf(string name)
    {
        if (Level().Match(name) is { Success: true } level)
        {
            return Invariant($"neck.convs.{NumberOf(level) - 1}.{level.Groups["rest"]}");
        }

        if (Fusion().Match(name) is { Success: true } fusion)
        {
            var rest = Renamed(fusion.Groups["rest"].Value, Fusions);
            return Invariant($"neck.fusion_stage.layers.{Levels - NumberOf(fusion)}.{rest}");
        }

        // Rows with their own numbers first, then those with any.
        var whole = Renamed(name, Beginnings);
        return whole == name && Number().Match(name) is { Success: true, Value: var number, Index: var at }
            ? Renamed($"{name[..at]}#{name[(at + number.Length)..]}", Beginnings)
                .Replace("#", number, StringComparison.Ordinal)
            : whole;
    }

    private static string Renamed(string name, (string Own, string Transformers)[] rows)
    {
        foreach (var (own, transformers) in rows)
        {
            if (name.StartsWith(own, StringComparison.Ordinal))
            {
                return transformers + name[own.Length..];
            }
        }

        return name;
    }

    private static int NumberOf(Match match) =>
        int.Parse(match.Groups["level"].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^pretrained\.blocks\.(?<block>\d{1,3})\.attn\.qkv\.(?<kind>weight|bias)$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Stacked();

    [GeneratedRegex(@"^depth_head\.scratch\.layer(?<level>[1-4])_rn\.(?<rest>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Level();

    [GeneratedRegex(
        @"^depth_head\.scratch\.refinenet(?<level>[1-4])\.(?<rest>.+)$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Fusion();

    /// <summary>The first number between dots.</summary>
    [GeneratedRegex(@"(?<=\.)\d{1,3}(?=\.)", RegexOptions.None, 1000)]
    private static partial Regex Number();
}
