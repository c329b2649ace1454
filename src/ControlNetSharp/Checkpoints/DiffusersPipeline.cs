namespace ControlNetSharp.Checkpoints;

/// <summary>How diffusers loads a family's models: what a folder's model_index.json says.</summary>
/// <param name="Class">The pipeline.</param>
/// <param name="Settings">What it is told besides the networks.</param>
internal sealed record DiffusersPipeline(string Class, IReadOnlyList<KeyValuePair<string, object?>> Settings)
{
    /// <summary>SD 1.x and 2.x.</summary>
    public static DiffusersPipeline StableDiffusion { get; } =
        new(
            "StableDiffusionPipeline",
            [
                new("feature_extractor", new string?[] { null, null }),
                new("requires_safety_checker", false),
                new("safety_checker", new string?[] { null, null }),
            ]
        );

    /// <summary>SDXL.</summary>
    public static DiffusersPipeline StableDiffusionXl { get; } =
        new("StableDiffusionXLPipeline", [new("force_zeros_for_empty_prompt", true)]);
}
