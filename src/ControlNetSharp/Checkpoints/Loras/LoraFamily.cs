namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>
/// The family of the models that a LoRA was trained for: the width of the texts that its attention takes shows it,
/// or names that only one family has.
/// </summary>
internal static class LoraFamily
{
    private static readonly string[] ToContext = ["attn2_to_k", "attn2_to_v", "attn2.to_k", "attn2.to_v"];

    /// <summary>
    /// Parts of modules' names that one family alone has. Those of families that cannot be run are there to be
    /// named.
    /// </summary>
    private static readonly (string Part, string Family)[] Named =
    [
        ("double_blocks", CheckpointKind.Flux),
        ("single_blocks", CheckpointKind.Flux),
        ("single_transformer_blocks", CheckpointKind.Flux),
        ("joint_blocks", CheckpointKind.StableDiffusion3),
        ("transformer.transformer_blocks", CheckpointKind.StableDiffusion3),
        .. ModelFamily.All.SelectMany(family => family.LoraSigns.Select(part => (part, family.Name))),
    ];

    /// <summary>The family's name; null where nothing shows it.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static string? Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        static long Inputs(IReadOnlyList<long> down) => down is [_, var inputs, ..] ? inputs : 0;
        var modules = shapes
            .Where(shape => LoraNames.Of(shape.Key)?.Part is LoraNames.Down or "hada_w1_b")
            .Select(shape => (Name: LoraNames.Of(shape.Key)!.Value.Module, Width: Inputs(shape.Value)))
            .ToList();
        bool TakesContext(string name) =>
            Array.Exists(ToContext, ending => name.EndsWith(ending, StringComparison.Ordinal));
        bool IsOfOnlyText(string name) =>
            name.StartsWith("lora_te_", StringComparison.Ordinal) && name.EndsWith("_proj", StringComparison.Ordinal);
        if (modules.Find(module => TakesContext(module.Name)) is { Name: not null, Width: var context })
        {
            return OfContext(context) ?? $"a family with context {context}";
        }

        bool Has(string part) => modules.Exists(module => module.Name.Contains(part, StringComparison.Ordinal));
        return Array.Find(Named, row => Has(row.Part)).Family
            // Kohya's name of the only text encoder, whose width is that of the context.
            ?? OfContext(modules.Find(module => IsOfOnlyText(module.Name)).Width);
    }

    private static string? OfContext(long width) =>
        ModelFamily.All.FirstOrDefault(family => family.ContextChannels == width)?.Name;
}
