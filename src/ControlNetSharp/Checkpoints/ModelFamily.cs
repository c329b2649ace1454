namespace ControlNetSharp.Checkpoints;

/// <summary>A family of models whose parts fit each other. Recognised from names and shapes, never from a file's name.</summary>
/// <param name="Name">The family in people's words.</param>
/// <param name="ContextChannels">Width of the text conditioning, which tells the families apart.</param>
/// <param name="NativeSize">Width and height of the pictures that models of the family were trained with, unless their metadata says otherwise.</param>
public sealed record ModelFamily(string Name, int ContextChannels, int NativeSize)
{
    /// <summary>The name of Stable Diffusion 2.0 and 2.1.</summary>
    public const string StableDiffusion2 = "SD 2.x";

    /// <summary>The name of Stable Diffusion XL.</summary>
    public const string StableDiffusionXl = "SDXL";

    /// <summary>The known families; a model of one's own has another context width and is a family of its own.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } = [new("SD 1.x", 768, 512), new(StableDiffusion2, 1024, 512), new(StableDiffusionXl, 2048, 1024)];

    /// <summary>The family of a context width.</summary>
    public static ModelFamily Of(int contextChannels) =>
        All.FirstOrDefault(family => family.ContextChannels == contextChannels) ?? new ModelFamily($"SD 1.x layout with context {contextChannels}", contextChannels, 512);
}
