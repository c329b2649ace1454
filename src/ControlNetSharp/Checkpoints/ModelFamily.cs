using ControlNetSharp.Networks;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A family of models whose parts fit each other. Recognised from names and shapes, never from a file's name.
/// </summary>
/// <param name="Name">The family in people's words.</param>
/// <param name="ContextChannels">Width of the text conditioning, which tells the families apart.</param>
/// <param name="NativeSize">
/// Width and height of the pictures that models of the family were trained with, unless their metadata says otherwise.
/// </param>
public sealed record ModelFamily(string Name, int ContextChannels, int NativeSize)
{
    /// <summary>The name of Stable Diffusion 2.0 and 2.1.</summary>
    public const string StableDiffusion2 = "SD 2.x";

    /// <summary>The name of Stable Diffusion XL (base).</summary>
    public const string StableDiffusionXl = "SDXL";

    private const double LatentScaleOfSdxl = 0.13025;

    // Source: stable-diffusion-webui, modules/sd_samplers_common.py, "cheap" approximation (numbers fitted by users of
    // the models).
    private static readonly float[] ColoursOfSd =
    [
        0.298f,
        0.207f,
        0.208f,
        0.187f,
        0.286f,
        0.173f,
        -0.158f,
        0.189f,
        0.264f,
        -0.184f,
        -0.271f,
        -0.473f,
    ];
    private static readonly float[] ColoursOfSdxl =
    [
        0.3448f,
        0.4168f,
        0.4395f,
        -0.1953f,
        -0.0290f,
        0.0250f,
        0.1074f,
        0.0886f,
        -0.0163f,
        -0.3730f,
        -0.2499f,
        -0.2088f,
    ];

    /// <summary>
    /// The known families; a model of one's own has another context width and is a family of its own.
    /// </summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        new("SD 1.x", 768, 512) { LatentColours = ColoursOfSd },
        new(StableDiffusion2, 1024, 512) { LatentColours = ColoursOfSd },
        new(StableDiffusionXl, 2048, 1024)
        {
            IsXl = true,
            LatentScale = LatentScaleOfSdxl,
            LatentColours = ColoursOfSdxl,
        },
        new("SDXL refiner", 1280, 1024) { IsXl = true, LatentScale = LatentScaleOfSdxl },
    ];

    /// <summary>
    /// Whether it has the layout of SDXL: a vector (pooled text and sizes) beside the text, which two encoders read.
    /// </summary>
    public bool IsXl { get; init; }

    /// <summary>latents = this · z, unless a model's metadata says otherwise.</summary>
    public double LatentScale { get; init; } = AutoencoderParams.StableDiffusion.ScaleFactor;

    /// <summary>
    /// Red, green and blue (-1..1) of each scaled latent channel, [4, 3] row by row: a rough picture without a decoder;
    /// null where none is known.
    /// </summary>
    internal float[]? LatentColours { get; init; }

    /// <summary>Whether it is the variant whose UNet takes mask and masked picture, too: nine channels.</summary>
    public bool IsInpainting { get; init; }

    /// <summary>The family and its variant: what people read.</summary>
    public string FullName => IsInpainting ? $"{Name} inpainting" : Name;

    /// <summary>The family of a context width.</summary>
    /// <param name="contextChannels">Width of the text conditioning.</param>
    /// <param name="isXl">Whether there is a vector beside the text, as in SDXL.</param>
    public static ModelFamily Of(int contextChannels, bool isXl = false) =>
        All.FirstOrDefault(family => family.ContextChannels == contextChannels && family.IsXl == isXl)
        ?? (
            isXl
                ? new ModelFamily($"SDXL layout with context {contextChannels}", contextChannels, 1024)
                {
                    IsXl = true,
                    LatentScale = LatentScaleOfSdxl,
                }
                : new ModelFamily($"SD 1.x layout with context {contextChannels}", contextChannels, 512)
        );

    /// <summary>The family of a UNet, or of the encoder half that a ControlNet is.</summary>
    public static ModelFamily Of(UNetParams p)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Of(p.ContextChannels, p.VectorChannels is not null) with { IsInpainting = p.ConcatenatedChannels > 0 };
    }
}
