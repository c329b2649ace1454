using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>What a checkpoint is, told from its names and shapes.</summary>
public static class CheckpointKind
{
    internal const string StableDiffusion3 = "SD3";
    internal const string Flux = "Flux";

    /// <summary>The kind of networks that make hints.</summary>
    internal const string Annotator = "annotator";

    /// <summary>The kind of networks that say what pictures show.</summary>
    internal const string Classifier = "classifier";

    /// <summary>The kind of networks that make latents of pictures and pictures of latents.</summary>
    internal const string Autoencoder = "autoencoder";

    private const string Model = "model";
    private const string Lora = "lora";
    private const string TextualInversion = "textual inversion";
    private const string Adapter = "t2i-adapter";
    private const string IpAdapter = "ip-adapter";
    private const string ImageEncoder = "image encoder";
    private const string Lllite = "controlnet-lllite";

    /// <summary>Others are for networks that are no UNets.</summary>
    private const string LlliteOfUNet = "lllite_unet_";
    private const int InpaintingChannels = 9;

    /// <summary>A UNet's first convolution in each layout.</summary>
    private static readonly string[] FirstConvolutions =
    [
        LdmLayout.UNet + "input_blocks.0.0.weight",
        DiffusersFolder.UNet + "conv_in.weight",
        "conv_in.weight",
    ];

    /// <summary>Kinds that are something else than a model, with what they are called in a sentence.</summary>
    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        [Adapter] = "a T2I-Adapter",
        [IpAdapter] = "an IP-Adapter",
        [ImageEncoder] = "an image encoder (CLIP)",
        ["control-lora"] = "a Control-LoRA",
        ["controlnet-union"] = "a ControlNet for several kinds of hints (union)",
        [Lllite] = "a ControlNet-LLLite",
        [UpscalerFile.Kind] = "an upscaler (ESRGAN)",
        ["motion module"] = "a motion module (AnimateDiff)",
        [Annotator] = "the network of an annotator, which makes hints",
        [Classifier] = "a classifier, which says what pictures show",
        [Lora] = "a LoRA",
        [TextualInversion] = "a textual inversion",
    };

    /// <summary>
    /// A sign is a whole name, or with a star the beginning of one. The first row that fits counts. Rows of
    /// families that cannot be run have the family's name. Source: the golden key manifests; the published files of
    /// SD3, Flux and AnimateDiff (names).
    /// </summary>
    private static readonly Sign[] Signs =
    [
        new("lora_controlnet", "control-lora", "ldm"),
        new("task_embedding", "controlnet-union", "diffusers"),
        new("control_add_embedding.linear_1.weight", "controlnet-union", "diffusers"),
        new("lllite_*", Lllite, "kohya"),
        new("ip_adapter.*", IpAdapter, IpAdapter),
        new("image_proj.*", IpAdapter, IpAdapter),
        new("adapter.body.*", Adapter, "diffusers"),
        new("body.0.block1.weight", Adapter, Adapter),
        new("body.0.in_conv.weight", Adapter, Adapter),
        new("body.0.rdb1.conv1.weight", UpscalerFile.Kind, "esrgan"),
        new("RRDB_trunk.0.RDB1.conv1.weight", UpscalerFile.Kind, "esrgan"),
        new("model.1.sub.0.RDB1.conv1.0.weight", UpscalerFile.Kind, "esrgan"),
        new("body.0.weight", UpscalerFile.Kind, "compact"),
        new("Mconv7_stage6_L1.weight", Annotator, "openpose body"),
        new("Mconv7_stage6.weight", Annotator, "openpose hand or face"),
        new("encoder.original_model.conv_stem.weight", Annotator, "normalbae"),
        new("depth_head.scratch.output_conv1.weight", Annotator, "depth anything"),
        new("backbone.encoder.layer.0.layer_scale1.lambda1", Annotator, "transformers"),
        new("segformer.encoder.patch_embeddings.0.proj.weight", Annotator, "transformers"),
        new("pose_out.weight", Annotator, "pocket"),
        new("pyramid.merge8.pointwise.weight", Annotator, "movenet"),
        new("features.weight", Classifier, "pocket"),
        new("controlnet_x_embedder.weight", "controlnet", "diffusers", Flux),
        new("controlnet_blocks.0.weight", "controlnet", "diffusers", StableDiffusion3),
        new(LdmLayout.UNet + "joint_blocks.0.*", Model, "ldm", StableDiffusion3),
        new("joint_blocks.0.*", Model, "ldm", StableDiffusion3),
        new(LdmLayout.UNet + "double_blocks.0.*", Model, "ldm", Flux),
        new("double_blocks.0.*", Model, "ldm", Flux),
        new("single_transformer_blocks.0.*", Model, "diffusers", Flux),
        new("transformer_blocks.0.attn.add_k_proj.weight", Model, "diffusers", StableDiffusion3),
        new("down_blocks.0.motion_modules.*", "motion module", "diffusers"),
        new(LdmLayout.UNet + "input_blocks.0.0.weight", Model, "ldm"),
        new(DiffusersFolder.UNet + "conv_in.weight", Model, "diffusers"),
        new(LdmLayout.Control + "input_hint_block.0.weight", "controlnet", "ldm"),
        new("input_hint_block.0.weight", "controlnet", "ldm"),
        new("controlnet_cond_embedding.conv_in.weight", "controlnet", "diffusers"),
        new("down_blocks.0.resnets.0.conv1.weight", "unet", "diffusers"),
        new(LdmLayout.Autoencoder + "decoder.conv_in.weight", Autoencoder, "ldm"),
        new("decoder.mid_block.*", Autoencoder, "diffusers"),
        new("decoder.conv_in.weight", Autoencoder, "ldm"),
        new(TinyAutoencoderKeys.Half, Autoencoder, TinyAutoencoderFile.Layout),
        new(TinyAutoencoderKeys.DiffusersDecoder, Autoencoder, "diffusers"),
        new(TinyAutoencoderKeys.DiffusersEncoder, Autoencoder, "diffusers"),
        new("text_model.embeddings.token_embedding.weight", "text encoder", "transformers"),
        new("vision_model.embeddings.class_embedding", ImageEncoder, "transformers"),
        new(OpenClipKeys.Patches, ImageEncoder, "open_clip"),
    ];

    /// <summary>
    /// Kind (model, controlnet, autoencoder, unet, text encoder, image encoder, lora, textual inversion, t2i-adapter,
    /// ip-adapter, control-lora, controlnet-union, controlnet-lllite, upscaler, motion module, annotator, classifier,
    /// unknown) and, where names or a context width show it, the family with its variant.
    /// </summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static (string Kind, string? Family) Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        var row = Row(shapes);
        var family =
            row?.Family
            ?? row?.Kind switch
            {
                Lora => LoraFamily.Of(shapes),
                TextualInversion => FamilyOfVectors(shapes),
                Adapter => FamilyOfAdapter(shapes),
                IpAdapter => FamilyOfPictures(shapes),
                Lllite when shapes.Keys.First().StartsWith(LlliteOfUNet, StringComparison.Ordinal) => ModelFamily
                    .OfLllites
                    .FullName,
                _ => FamilyOf(shapes)?.FullName,
            };
        return (row?.Kind ?? "unknown", family);
    }

    /// <summary>
    /// The family of a UNet, a ControlNet or a whole model in any layout; null where no context width shows it.
    /// </summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static ModelFamily? FamilyOf(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        IReadOnlyList<long>? Shape(params string[] endings) =>
            shapes
                .FirstOrDefault(shape =>
                    Array.Exists(endings, ending => shape.Key.EndsWith(ending, StringComparison.Ordinal))
                )
                .Value;
        // Control-LoRAs have two halves of each matrix; the second is as wide.
        return Shape(".attn2.to_k.weight", ".attn2.to_k.down") is not [_, var width]
            ? null
            : ModelFamily.Of(
                (int)width,
                Shape("label_emb.0.0.weight", "label_emb.0.0.down", "add_embedding.linear_1.weight") is not null
            ) with
            {
                IsInpainting =
                    FirstConvolutions.Select(shapes.GetValueOrDefault).FirstOrDefault(shape => shape is not null)
                        is [_, InpaintingChannels, _, _],
            };
    }

    /// <summary>The layout: ldm, diffusers, transformers, or another program's; null where it is not known.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static string? LayoutOf(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        return Row(shapes)?.Layout;
    }

    /// <summary>The kind alone; null where it is not known.</summary>
    internal static string? KindOf(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) => Row(shapes)?.Kind;

    /// <summary>
    /// What a kind is called in a sentence that is neither a model nor a plain ControlNet or a part of one; null for
    /// those, and for what is unknown.
    /// </summary>
    internal static string? OtherKind(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        Row(shapes) switch
        {
            null => null,
            { Family: { } family, Kind: var kind } => $"a {(kind == Model ? kind : "ControlNet")} of {family}",
            { Kind: var kind } => Others.GetValueOrDefault(kind),
        };

    private static Sign? Row(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        Array.Find(
            Signs,
            row =>
                row.Name.EndsWith('*')
                    ? shapes.Keys.Any(name => name.StartsWith(row.Name[..^1], StringComparison.Ordinal))
                    : shapes.ContainsKey(row.Name)
        )
        ?? (
            shapes.Keys.Any(LoraNames.IsOfKohya) ? new("", Lora, "kohya")
            : shapes.Keys.Any(LoraNames.IsOfLora) ? new("", Lora, "diffusers")
            : AreVectors(shapes) ? new("", TextualInversion, "a1111")
            : null
        );

    /// <summary>
    /// Whether the tensors are vectors for tokens: those of several encoders, or those of one, whose name is no
    /// network's.
    /// </summary>
    private static bool AreVectors(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        static bool IsOfTokens(IReadOnlyList<long> shape) => shape is [> 0] or [>= 1 and <= PromptChunk.Length, > 0];
        return shapes.Values.All(IsOfTokens)
            && shapes.Count switch
            {
                1 when shapes.ContainsKey(TextualInversionFile.A1111) => true,
                1 => !shapes.Keys.First().Contains('.') && IsKnownWidth(shapes.Values.First()[^1]),
                var count => ModelFamily.OfVectors(shapes.Keys)?.Texts.Count == count,
            };
    }

    /// <summary>Squares of pixels, of one or three colours, become the channels of the first convolution.</summary>
    private static string FamilyOfAdapter(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        var inputs = shapes
            .Where(shape => shape.Key.EndsWith("conv_in.weight", StringComparison.Ordinal) && shape.Value.Count == 4)
            .Select(shape => shape.Value[1])
            .ToList();
        return ModelFamily
            .OfAdapter(side => inputs.Exists(count => count == side * side || count == 3 * side * side))
            .Name;
    }

    /// <summary>An IP-Adapter's keys are made of tokens as wide as those of the text.</summary>
    private static string? FamilyOfPictures(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        shapes.FirstOrDefault(shape => shape.Key.EndsWith(".to_k_ip.weight", StringComparison.Ordinal)).Value
            is [_, var width]
            ? ModelFamily.OfContext((int)width).Name
            : null;

    private static bool IsKnownWidth(long width) => ModelFamily.All.Any(family => family.ContextChannels == width);

    private static string FamilyOfVectors(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        (ModelFamily.OfVectors(shapes.Keys) ?? ModelFamily.Of((int)shapes.Values.First()[^1])).Name;

    /// <summary>What a name says of a file.</summary>
    private sealed record Sign(string Name, string Kind, string Layout, string? Family = null);
}
