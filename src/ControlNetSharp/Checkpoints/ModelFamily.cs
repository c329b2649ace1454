using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A family of models whose parts fit each other: one row of <see cref="All"/>, which says all that is peculiar to it.
/// Recognised from names and shapes, never from a file's name.
/// </summary>
/// <param name="Name">The family in people's words.</param>
/// <param name="ContextChannels">Width of the text conditioning, which tells the families apart.</param>
/// <param name="NativeSize">
/// Width and height of the pictures that models of the family were trained with, unless their metadata says otherwise.
/// </param>
public sealed record ModelFamily(string Name, int ContextChannels, int NativeSize)
{
    /// <summary>The name of Stable Diffusion 1.x.</summary>
    internal const string StableDiffusion1 = "SD 1.x";

    /// <summary>The name of Stable Diffusion 2.0 and 2.1.</summary>
    public const string StableDiffusion2 = "SD 2.x";

    /// <summary>The name of Stable Diffusion XL (base).</summary>
    public const string StableDiffusionXl = "SDXL";

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

    private static readonly TextPlace Clip = new("cond_stage_model.transformer.", "clip_l", IsOpenClip: false);
    private static readonly TextPlace OpenClip = new("cond_stage_model.model.", "clip_h", IsOpenClip: true);

    private static readonly ModelFamily Sd1 = new(StableDiffusion1, 768, 512)
    {
        ShortName = "sd15",
        AdapterUnshuffle = 8,
        UNet = UNetParams.Sd15,
        Texts = [new() { Places = [Clip, OpenClip], Published = TextEncoderParams.ClipL }],
        LatentColours = ColoursOfSd,
        Pipeline = DiffusersPipeline.StableDiffusion,
    };

    private static readonly ModelFamily Sd2 = new(StableDiffusion2, 1024, 512)
    {
        ShortName = "sd21",
        UNet = UNetParams.Sd21,
        Texts = [new() { Places = [OpenClip, Clip with { Name = "clip_h" }], Published = TextEncoderParams.OpenClipH }],
        LoraSigns = [".clip_h."],
        PredictsEither = true,
        LatentColours = ColoursOfSd,
        Pipeline = DiffusersPipeline.StableDiffusion,
    };

    // Podell et al. 2023, arXiv:2307.01952, section 2.1, and sd_xl_base.yaml: the features after the last but one block
    // as they are; an empty negative prompt: diffusers, force_zeros_for_empty_prompt (behaviour).
    private static readonly ModelFamily Sdxl = new(StableDiffusionXl, 2048, 1024)
    {
        ShortName = "sdxl",
        UNet = UNetParams.Sdxl,
        TakesVector = true,
        Texts =
        [
            new()
            {
                Places = [new("conditioner.embedders.0.transformer.", "clip_l", IsOpenClip: false)],
                Published = TextEncoderParams.ClipL,
                ClipSkip = 2,
                NormsConditioning = false,
            },
            new()
            {
                Places = [new("conditioner.embedders.1.model.", "clip_g", IsOpenClip: true)],
                Published = TextEncoderParams.OpenClipBigG,
                ClipSkip = 2,
                NormsConditioning = false,
                Class = "CLIPTextModelWithProjection",
            },
        ],
        LoraSigns = ["lora_te2_", "text_encoder_2.", ".clip_g."],
        ZerosForEmptyNegative = true,
        ControlScales = 13,
        AdapterUnshuffle = 16,
        HasLllites = true,
        LatentScale = 0.13025,
        LatentsOverflowFloat16 = true,
        LatentColours = ColoursOfSdxl,
        Pipeline = DiffusersPipeline.StableDiffusionXl,
    };

    /// <summary>
    /// The known families; a model of one's own has another context width and is a family of its own.
    /// </summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        Sd1,
        Sd2,
        Sdxl,
        // Without shapes: it is known to be named, and cannot be run.
        Unpublished(Sdxl, "SDXL refiner", 1280),
    ];

    /// <summary>Every place in LDM's layout where a family has a text encoder.</summary>
    internal static IReadOnlyList<TextPlace> TextPlaces { get; } =
    [
        .. All.SelectMany(family => family.Texts)
            .SelectMany(text => text.Places)
            .DistinctBy(place => place.Prefix, StringComparer.Ordinal),
    ];

    /// <summary>
    /// Whether UNet and ControlNet take a vector beside the text: the pooled text of the last encoder, then the sizes
    /// of the picture (<see cref="SizeConditioning"/>).
    /// </summary>
    public bool TakesVector { get; init; }

    /// <summary>latents = this · z, unless a model's metadata says otherwise.</summary>
    public double LatentScale { get; init; } = AutoencoderParams.StableDiffusion.ScaleFactor;

    /// <summary>Whether it is the variant whose UNet takes mask and masked picture, too: nine channels.</summary>
    public bool IsInpainting { get; init; }

    /// <summary>The family and its variant: what people read.</summary>
    public string FullName => IsInpainting ? $"{Name} inpainting" : Name;

    /// <summary>What measurements call it; null where there are no published shapes to measure.</summary>
    internal string? ShortName { get; init; }

    /// <summary>The UNet of published models; null where none can be run.</summary>
    internal UNetParams? UNet { get; init; }

    /// <summary>
    /// The text encoders, in the order in which their features stand side by side. Diffusers' folders have them in the
    /// same order.
    /// </summary>
    internal IReadOnlyList<FamilyText> Texts { get; init; } = [];

    /// <summary>
    /// What a LoRA has in a module's name if it is for this family and for no other, where the width of the text
    /// conditioning does not show.
    /// </summary>
    internal IReadOnlyList<string> LoraSigns { get; init; } = [];

    /// <summary>What a UNet predicts where nothing says it.</summary>
    internal PredictionType Prediction { get; init; } = PredictionType.Epsilon;

    /// <summary>
    /// Whether there are published models of both predictions whose files look the same: the UNet itself is asked then.
    /// </summary>
    internal bool PredictsEither { get; init; }

    /// <summary>
    /// Whether an empty negative prompt is all zeros instead of what the text encoders make of it.
    /// </summary>
    internal bool ZerosForEmptyNegative { get; init; }

    /// <summary>
    /// Scales by which "prompt matters more" counts residuals, where that is more than a ControlNet has: SDXL's ten
    /// take the first ten of SD 1.x's thirteen.
    /// </summary>
    internal int ControlScales { get; init; }

    /// <summary>
    /// Side of the squares of pixels that become channels in the T2I-Adapters made for it, by which a file tells its
    /// family; null where there are none.
    /// </summary>
    internal int? AdapterUnshuffle { get; init; }

    /// <summary>Whether values inside the Autoencoder are above what float16 can hold.</summary>
    internal bool LatentsOverflowFloat16 { get; init; }

    /// <summary>
    /// Red, green and blue (-1..1) of each scaled latent channel, [4, 3] row by row: a rough picture without a decoder;
    /// null where none is known.
    /// </summary>
    internal float[]? LatentColours { get; init; }

    /// <summary>Whether ControlNet-LLLites are made for it; they do not say for which family they are.</summary>
    internal bool HasLllites { get; init; }

    /// <summary>The family of ControlNet-LLLites.</summary>
    internal static ModelFamily OfLllites => All.First(family => family.HasLllites);

    /// <summary>
    /// The family of a T2I-Adapter by its <see cref="AdapterUnshuffle"/>; SD 1.x where that says nothing.
    /// </summary>
    internal static ModelFamily OfAdapter(Func<int, bool> unshuffles) =>
        All.FirstOrDefault(family => family.AdapterUnshuffle is { } side && unshuffles(side)) ?? Sd1;

    /// <summary>How diffusers loads it.</summary>
    internal DiffusersPipeline Pipeline { get; init; } = DiffusersPipeline.StableDiffusion;

    /// <summary>The family of a context width.</summary>
    /// <param name="contextChannels">Width of the text conditioning.</param>
    /// <param name="takesVector">Whether there is a vector beside the text, as in SDXL.</param>
    public static ModelFamily Of(int contextChannels, bool takesVector = false)
    {
        var alike = All.Where(family => family.TakesVector == takesVector).ToList();
        return alike.Find(family => family.ContextChannels == contextChannels)
            ?? Unpublished(alike[0], $"{alike[0].Name} layout with context {contextChannels}", contextChannels);
    }

    /// <summary>
    /// The family of a network that shows no more than the width of the text conditioning: one that can be run, if
    /// there is one.
    /// </summary>
    internal static ModelFamily OfContext(int contextChannels) =>
        All.FirstOrDefault(family => family.UNet is not null && family.ContextChannels == contextChannels)
        ?? Of(contextChannels);

    /// <summary>The family of a UNet, or of the encoder half that a ControlNet is.</summary>
    public static ModelFamily Of(UNetParams p)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Of(p.ContextChannels, p.VectorChannels is not null) with { IsInpainting = p.ConcatenatedChannels > 0 };
    }

    /// <summary>
    /// The family whose several text encoders a textual inversion has tensors for; null where there is none.
    /// </summary>
    /// <param name="names">The names of its tensors.</param>
    internal static ModelFamily? OfVectors(IEnumerable<string> names) =>
        All.FirstOrDefault(family =>
            family.Texts.Count > 1 && family.Texts.All(text => names.Contains(text.Name, StringComparer.Ordinal))
        );

    /// <summary>A family like another one, of which no more than the width of its context is known.</summary>
    private static ModelFamily Unpublished(ModelFamily alike, string name, int contextChannels) =>
        alike with
        {
            Name = name,
            ContextChannels = contextChannels,
            ShortName = null,
            UNet = null,
            LoraSigns = [],
            PredictsEither = false,
            LatentColours = null,
        };
}
