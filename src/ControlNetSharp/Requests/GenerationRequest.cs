using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Requests;

/// <summary>
/// What a picture is to be: plain data, without an open file or a loaded network, and the same in C# and JSON
/// (<see cref="RequestJson"/>). The same request gives the same pixels on the same kind of machine.
/// </summary>
public sealed record GenerationRequest
{
    /// <summary>The version of the form described here.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The name of the embedded model.</summary>
    public const string EmbeddedModel = "pocket";

    /// <summary>Version of the request's form; 1.</summary>
    [Range(CurrentVersion, CurrentVersion)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>What the picture shows; names LoRAs and textual inversions as stable-diffusion-webui does.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it does not show: the text of the unconditional side.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>Name, path or hash of the model; default the embedded one.</summary>
    public string Model { get; init; } = EmbeddedModel;

    /// <summary>
    /// Name, path or hash of a checkpoint whose Autoencoder replaces the model's own; null (the default) for that.
    /// </summary>
    public string? Vae { get; init; }

    /// <summary>
    /// What the UNet predicts; null (the default) for what the model says, and epsilon where it says nothing.
    /// </summary>
    public PredictionType? Prediction { get; init; }

    /// <summary>
    /// Width and height in pixels, 64 to 4096, multiples of 8; null (the default) for the model's native size in the
    /// aspect
    /// ratio of the initial picture or of the first unit's.
    /// </summary>
    public PictureSize? Size { get; init; }

    /// <summary>Steps, 1 to 1000; default 20.</summary>
    [Range(1, SamplingPlan.MostSteps)]
    public int Steps { get; init; } = 20;

    /// <summary>Name, alias or combined name of a sampler; default Euler.</summary>
    public string Sampler { get; init; } = "Euler";

    /// <summary>Name or label of a scheduler; default <c>automatic</c>.</summary>
    public string Scheduler { get; init; } = SamplerCatalogue.Automatic;

    /// <summary>
    /// How much fresh noise samplers draw that draw any, 0 (none) to 1; null (the default) for the sampler's own
    /// (<see cref="SamplerEntry.DefaultEta"/>). Not for samplers without one.
    /// </summary>
    [Range(0.0, 1.0)]
    public double? Eta { get; init; }

    /// <summary>
    /// Guidance scale (CFG), 1 to 30; 1 follows the prompt alone, more amplifies it. Null (the default) for the model's
    /// own: <see cref="Checkpoints.DiffusionModel.GuidanceScale"/>.
    /// </summary>
    [Range(1.0, 30.0)]
    public double? GuidanceScale { get; init; }

    /// <summary>
    /// Seed of the first picture, 0 to 4294967295; picture k has seed + k. Null (the default) for a random one, which
    /// the
    /// result names.
    /// </summary>
    [Range(0L, Seeds.Largest)]
    public long? Seed { get; init; }

    /// <summary>Pictures that are computed together, 1 to 64; default 1.</summary>
    [Range(1, 64)]
    public int Batch { get; init; } = 1;

    /// <summary>
    /// Batches one after another, 1 to 1000; default 1, or as many as the rows of units have pictures
    /// (<see cref="ControlUnit.Frames"/>).
    /// </summary>
    [Range(1, 1000)]
    public int Count { get; init; } = 1;

    /// <summary>
    /// Which block of the text encoder counts as the last, 1 to 12, as stable-diffusion-webui counts (1 = last); null
    /// (the
    /// default) for what the model was trained with.
    /// </summary>
    [Range(1, 12)]
    public int? ClipSkip { get; init; }

    /// <summary>Whether the picture can be laid side by side without seams.</summary>
    public bool Tiling { get; init; }

    /// <summary>
    /// Every how many steps all of the networks is computed; between them their deep features, and what control adds
    /// there, are those of the last such step. 1 (the default) for each step, to 20: faster, and another picture.
    /// </summary>
    [Range(1, 20)]
    public int Cache { get; init; } = 1;

    /// <summary>
    /// Share of the tokens that self-attention over the largest feature map does without, 0 (the default) to 0.75:
    /// faster, and another picture.
    /// </summary>
    [Range(0.0, 0.75)]
    public double TokenMerging { get; init; }

    /// <summary>What SDXL is told of the picture's size; null (the default) for the result's, uncropped.</summary>
    public OriginalSize? OriginalSize { get; init; }

    /// <summary>
    /// How the pictures of a batch come to have one style; null (the default) where each is made for itself.
    /// </summary>
    public StyleAlignment? StyleAlignment { get; init; }

    /// <summary>A picture to start from; null (the default) for noise alone.</summary>
    public InitialPicture? Initial { get; init; }

    /// <summary>
    /// A second pass at a larger size; null (the default) for none. Not together with <see cref="Initial"/>.
    /// </summary>
    public HiresPass? Hires { get; init; }

    /// <summary>
    /// A last pass that makes the picture much larger, tile by tile; null (the default) for none. Not together with
    /// <see cref="Hires"/>, nor with a mask.
    /// </summary>
    public UpscalePass? Upscale { get; init; }

    /// <summary>
    /// Parts of the picture with prompts of their own, at most 8; none where <see cref="Prompt"/> is that of all of it.
    /// </summary>
    public IReadOnlyList<PromptRegion> Regions { get; init; } = [];

    /// <summary>Control units; none for a picture from the prompt alone.</summary>
    public IReadOnlyList<ControlUnit> Units { get; init; } = [];

    /// <summary>The sampling of the first pass.</summary>
    [JsonIgnore]
    internal SamplingOptions Sampling =>
        new()
        {
            Sampler = Sampler,
            Scheduler = Scheduler,
            Steps = Steps,
            Eta = Eta,
            Denoise = Initial?.Denoise ?? 1,
        };

    /// <summary>How many pictures the rows of its units have; null where each unit has one for all.</summary>
    [JsonIgnore]
    internal int? Row => Units.Select(unit => unit.Row).FirstOrDefault(row => row is not null);

    /// <summary>How many batches it makes.</summary>
    [JsonIgnore]
    internal int Batches => Row ?? Count;

    /// <summary>How many pictures it makes.</summary>
    [JsonIgnore]
    internal int Pictures => Batch * Batches;
}
