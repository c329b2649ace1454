namespace ControlNetSharp.Checkpoints;

/// <summary>What a checkpoint is, told from its names and shapes.</summary>
public static class CheckpointKind
{
    private static readonly (string Key, string Kind)[] Signs =
    [
        ("model.diffusion_model.input_blocks.0.0.weight", "model"),
        ("control_model.input_hint_block.0.weight", "controlnet"),
        ("input_hint_block.0.weight", "controlnet"),
        ("first_stage_model.decoder.conv_in.weight", "autoencoder"),
        ("decoder.conv_in.weight", "autoencoder"),
    ];

    /// <summary>Kind (model, controlnet, autoencoder, unknown) and, where a context width shows it, the family.</summary>
    /// <param name="shapes">Shapes by tensor name.</param>
    public static (string Kind, string? Family) Of(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        var kind = Signs.FirstOrDefault(sign => shapes.ContainsKey(sign.Key)).Kind ?? "unknown";
        var context = shapes.FirstOrDefault(shape => shape.Key.EndsWith(".attn2.to_k.weight", StringComparison.Ordinal)).Value;
        return (kind, context is [_, var width] ? ModelFamily.Of((int)width).Name : null);
    }
}
