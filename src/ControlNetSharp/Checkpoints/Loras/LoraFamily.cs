namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>The family of the models that a LoRA was trained for: the width of the texts that its attention takes shows it, or names that only one family has.</summary>
internal static class LoraFamily
{
    private static readonly string[] ToContext = ["attn2_to_k", "attn2_to_v", "attn2.to_k", "attn2.to_v"];

    /// <summary>Parts of modules' names that only one family has; those of families that cannot be run are there to be named.</summary>
    private static readonly (string Part, string Family)[] Named =
    [
        ("double_blocks", CheckpointKind.Flux), ("single_blocks", CheckpointKind.Flux), ("single_transformer_blocks", CheckpointKind.Flux),
        ("joint_blocks", CheckpointKind.StableDiffusion3), ("transformer.transformer_blocks", CheckpointKind.StableDiffusion3),
        ("lora_te2_", ModelFamily.StableDiffusionXl), ("text_encoder_2.", ModelFamily.StableDiffusionXl), (".clip_g.", ModelFamily.StableDiffusionXl), (".clip_h.", ModelFamily.StableDiffusion2),
    ];

    /// <summary>The family's name; null where nothing shows it.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static string? Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        var modules = shapes.Select(shape => (LoraNames.Of(shape.Key)?.Module, LoraNames.Of(shape.Key)?.Part, Shape: shape.Value)).Where(tensor => tensor.Part == LoraNames.Down).ToList();
        bool Takes(string? module) => Array.Exists(ToContext, ending => module!.EndsWith(ending, StringComparison.Ordinal));
        return modules.Find(tensor => Takes(tensor.Module)) is { Shape: [_, var context, ..] } ? OfContext(context) ?? $"a family with context {context}"
            : Array.Find(Named, row => modules.Exists(tensor => tensor.Module!.Contains(row.Part, StringComparison.Ordinal))) is { Family: { } family } ? family
            // Kohya's name of the only text encoder, whose width is that of the context.
            : modules.Find(tensor => tensor.Module!.StartsWith("lora_te_", StringComparison.Ordinal) && tensor.Module.EndsWith("_proj", StringComparison.Ordinal)) is { Shape: [_, var width, ..] } ? OfContext(width)
            : null;
    }

    private static string? OfContext(long width) => ModelFamily.All.FirstOrDefault(family => family.ContextChannels == width)?.Name;
}
