namespace ControlNetSharp.Checkpoints;

/// <summary>What a checkpoint is, told from its names and shapes.</summary>
public static class CheckpointKind
{
    private const int InpaintingChannels = 9;

    /// <summary>A UNet's first convolution in each layout.</summary>
    private static readonly string[] FirstConvolutions = [LdmLayout.UNet + "input_blocks.0.0.weight", DiffusersFolder.UNet + "conv_in.weight", "conv_in.weight"];

    /// <summary>Kinds that are something else than a model, with what they are called in a sentence.</summary>
    private static readonly Dictionary<string, string> Others = new(StringComparer.Ordinal)
    {
        ["t2i-adapter"] = "a T2I-Adapter",
        ["ip-adapter"] = "an IP-Adapter",
        ["control-lora"] = "a Control-LoRA",
        ["controlnet-union"] = "a ControlNet for several kinds of hints (union)",
        ["controlnet-lllite"] = "a ControlNet-LLLite",
        ["lora"] = "a LoRA",
    };

    /// <summary>A sign is a whole name, or with a star the beginning or end of one. The first row that fits counts.</summary>
    private static readonly (string Sign, string Kind, string Layout)[] Signs =
    [
        ("lora_controlnet", "control-lora", "ldm"),
        ("task_embedding", "controlnet-union", "diffusers"),
        ("control_add_embedding.linear_1.weight", "controlnet-union", "diffusers"),
        ("lllite_*", "controlnet-lllite", "kohya"),
        ("ip_adapter.*", "ip-adapter", "ip-adapter"),
        ("image_proj.*", "ip-adapter", "ip-adapter"),
        ("adapter.body.*", "t2i-adapter", "diffusers"),
        ("body.0.*", "t2i-adapter", "t2i-adapter"),
        ("*.lora_down.weight", "lora", "kohya"),
        ("*.lora_A.weight", "lora", "diffusers"),
        ("*.lora.down.weight", "lora", "diffusers"),
        (LdmLayout.UNet + "input_blocks.0.0.weight", "model", "ldm"),
        (DiffusersFolder.UNet + "conv_in.weight", "model", "diffusers"),
        (LdmLayout.Control + "input_hint_block.0.weight", "controlnet", "ldm"),
        ("input_hint_block.0.weight", "controlnet", "ldm"),
        ("controlnet_cond_embedding.conv_in.weight", "controlnet", "diffusers"),
        ("down_blocks.0.resnets.0.conv1.weight", "unet", "diffusers"),
        (LdmLayout.Autoencoder + "decoder.conv_in.weight", "autoencoder", "ldm"),
        ("decoder.mid_block.*", "autoencoder", "diffusers"),
        ("decoder.conv_in.weight", "autoencoder", "ldm"),
        ("text_model.embeddings.token_embedding.weight", "text encoder", "transformers"),
    ];

    /// <summary>Kind (model, controlnet, autoencoder, unet, text encoder, lora, t2i-adapter, ip-adapter, control-lora, controlnet-union, controlnet-lllite, unknown) and, where a context width shows it, the family with its variant.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static (string Kind, string? Family) Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        return (Row(shapes).Kind ?? "unknown", FamilyOf(shapes)?.FullName);
    }

    /// <summary>The family of a UNet, a ControlNet or a whole model in any layout; null where no context width shows it.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static ModelFamily? FamilyOf(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        IReadOnlyList<long>? Shape(params string[] endings) => shapes.FirstOrDefault(shape => Array.Exists(endings, ending => shape.Key.EndsWith(ending, StringComparison.Ordinal))).Value;
        return Shape(".attn2.to_k.weight") is not [_, var width] ? null
            : ModelFamily.Of((int)width, Shape("label_emb.0.0.weight", "add_embedding.linear_1.weight") is not null) with
            {
                IsInpainting = FirstConvolutions.Select(shapes.GetValueOrDefault).FirstOrDefault(shape => shape is not null) is [_, InpaintingChannels, _, _],
            };
    }

    /// <summary>The layout: ldm, diffusers, transformers, or another program's; null where it is not known.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static string? LayoutOf(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        return Row(shapes).Layout;
    }

    /// <summary>What a kind that cannot be run is called in a sentence; null for those that can, and for what is unknown.</summary>
    internal static string? OtherKind(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) => Others.GetValueOrDefault(Row(shapes).Kind ?? "");

    private static (string? Kind, string? Layout) Row(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        var row = Array.Find(Signs, row => row.Sign.StartsWith('*') ? shapes.Keys.Any(name => name.EndsWith(row.Sign[1..], StringComparison.Ordinal))
            : row.Sign.EndsWith('*') ? shapes.Keys.Any(name => name.StartsWith(row.Sign[..^1], StringComparison.Ordinal))
            : shapes.ContainsKey(row.Sign));
        return (row.Kind, row.Layout);
    }
}
