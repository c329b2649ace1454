using System.Text.Json.Serialization;

namespace ControlNetSharp.Client;

/// <summary>
/// What pictures are to be. What is null is left to the server; <see cref="ControlNetClient.RangesAsync"/> says what is
/// allowed.
/// </summary>
public sealed record Generation
{
    /// <summary>Version of the request's form; null for the present one.</summary>
    public int? Version { get; init; }

    /// <summary>What the picture shows.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it does not show.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Name or hash of the model.</summary>
    public string? Model { get; init; }

    /// <summary>Name or hash of a checkpoint whose Autoencoder replaces the model's own.</summary>
    public string? Vae { get; init; }

    /// <summary>What the UNet predicts: epsilon, v or sample.</summary>
    public string? Prediction { get; init; }

    /// <summary>Width and height in pixels.</summary>
    public Size? Size { get; init; }

    /// <summary>Steps.</summary>
    public int? Steps { get; init; }

    /// <summary>Name of a sampler.</summary>
    public string? Sampler { get; init; }

    /// <summary>Name of a scheduler.</summary>
    public string? Scheduler { get; init; }

    /// <summary>How much fresh noise samplers draw that draw any; left out for the sampler's own.</summary>
    public double? Eta { get; init; }

    /// <summary>Guidance scale (CFG).</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>Seed of the first picture; picture k has seed + k.</summary>
    public long? Seed { get; init; }

    /// <summary>Pictures that are computed together.</summary>
    public int? Batch { get; init; }

    /// <summary>Batches one after another.</summary>
    public int? Count { get; init; }

    /// <summary>Which block of the text encoder counts as the last (1 = last).</summary>
    public int? ClipSkip { get; init; }

    /// <summary>Whether the picture can be laid side by side without seams.</summary>
    public bool? Tiling { get; init; }

    /// <summary>Every how many steps all of the networks is computed; 1 for each.</summary>
    public int? Cache { get; init; }

    /// <summary>Share of the tokens that the largest self-attention does without.</summary>
    public double? TokenMerging { get; init; }

    /// <summary>What SDXL is told of the picture's size.</summary>
    public OriginalSize? OriginalSize { get; init; }

    /// <summary>How the pictures of a batch come to have one style.</summary>
    public StyleAlignment? StyleAlignment { get; init; }

    /// <summary>A picture to start from.</summary>
    public InitialPicture? Initial { get; init; }

    /// <summary>A second pass at a larger size.</summary>
    public HiresPass? Hires { get; init; }

    /// <summary>A last pass that makes the picture much larger, tile by tile.</summary>
    public UpscalePass? Upscale { get; init; }

    /// <summary>Parts of the picture with prompts of their own.</summary>
    public IReadOnlyList<PromptRegion>? Regions { get; init; }

    /// <summary>Control units.</summary>
    public IReadOnlyList<ControlUnit>? Units { get; init; }

    [JsonIgnore]
    internal IEnumerable<PictureInput> Pictures =>
        (Units ?? [])
            .SelectMany(unit => unit.Pictures)
            .Concat((Regions ?? []).Select(region => region.Mask))
            .Concat(new[] { Initial?.Picture, Initial?.Mask?.Picture }.OfType<PictureInput>());
}

/// <summary>Width and height.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
public sealed record Size(int Width, int Height);

/// <summary>What SDXL is told of a picture: its size before it was scaled, and how much was then cut off.</summary>
/// <param name="Width">Pixels a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Left">Pixels cut off at the left.</param>
/// <param name="Top">Pixels cut off at the top.</param>
public sealed record OriginalSize(int Width, int Height, int? Left = null, int? Top = null);

/// <summary>How the pictures of a batch come to have one style.</summary>
public sealed record StyleAlignment
{
    /// <summary>Whether all see each other; false where all see the first.</summary>
    public bool? All { get; init; }

    /// <summary>Whether queries and keys take over mean and deviation of the first picture's.</summary>
    public bool? Adapts { get; init; }

    /// <summary>Whether values do so, too.</summary>
    public bool? Values { get; init; }

    /// <summary>Whether group norms see the first picture, too.</summary>
    public bool? Norms { get; init; }

    /// <summary>Factor on the keys of the first picture as others see it.</summary>
    public double? Scale { get; init; }

    /// <summary>Added to the scores of the first picture's keys.</summary>
    public double? Shift { get; init; }

    /// <summary>Share of the self-attention layers that are left alone, 0 to 1.</summary>
    public double? Plain { get; init; }
}

/// <summary>A picture to start from.</summary>
public sealed record InitialPicture
{
    /// <summary>The picture.</summary>
    public required PictureInput Picture { get; init; }

    /// <summary>How much of it is given up, 0 to 1.</summary>
    public double? Denoise { get; init; }

    /// <summary>How a picture of another shape is brought to that of the result: just, crop or fill.</summary>
    public string? Resize { get; init; }

    /// <summary>The part that is repainted.</summary>
    public InpaintMask? Mask { get; init; }
}

/// <summary>Which part of a picture is repainted, and how.</summary>
public sealed record InpaintMask
{
    /// <summary>White is repainted, black stays.</summary>
    public required PictureInput Picture { get; init; }

    /// <summary>Softness of the border in pixels.</summary>
    public int? Blur { get; init; }

    /// <summary>What lies under the mask at the start: fill, original, noise or nothing.</summary>
    public string? Content { get; init; }

    /// <summary>Whether only the surroundings of the mask are made, and put back into the whole picture.</summary>
    public bool? OnlyMasked { get; init; }

    /// <summary>Pixels around the mask that are looked at, too.</summary>
    public int? Padding { get; init; }
}

/// <summary>A last pass that makes a picture much larger: detail is made anew tile by tile, without seams.</summary>
public sealed record UpscalePass
{
    /// <summary>Sides of the result in those of the picture, 1 to 8.</summary>
    public double? Scale { get; init; }

    /// <summary>Side of a tile in pixels of the result.</summary>
    public int? Tile { get; init; }

    /// <summary>By how many pixels tiles overlap.</summary>
    public int? Overlap { get; init; }

    /// <summary>How much of the enlarged picture is given up, 0 (it is only enlarged) to 1.</summary>
    public double? Denoise { get; init; }

    /// <summary>Steps; those of the first pass where null.</summary>
    public int? Steps { get; init; }

    /// <summary>What enlarges the picture: lanczos and the like, or name or hash of an upscaler's file.</summary>
    public string? Upscaler { get; init; }

    /// <summary>The condition kind of a ControlNet that holds each tile to what is there, such as tile.</summary>
    public string? Control { get; init; }

    /// <summary>Name or hash of that ControlNet.</summary>
    public string? ControlModel { get; init; }

    /// <summary>Factor on its residuals.</summary>
    public double? ControlWeight { get; init; }
}

/// <summary>A second pass at a larger size.</summary>
public sealed record HiresPass
{
    /// <summary>Sides of the result in those of the first pass.</summary>
    public double? Scale { get; init; }

    /// <summary>How much of the enlarged picture is made anew, 0 to 1.</summary>
    public double? Denoise { get; init; }

    /// <summary>Steps of the second pass.</summary>
    public int? Steps { get; init; }

    /// <summary>Name of an upscaler.</summary>
    public string? Upscaler { get; init; }
}

/// <summary>A part of the picture with a prompt of its own.</summary>
public sealed record PromptRegion
{
    /// <summary>What the region shows.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it does not show; null for that of the picture.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Where it is: white, in the shape of the result.</summary>
    public required PictureInput Mask { get; init; }

    /// <summary>Factor on the mask.</summary>
    public double? Weight { get; init; }
}

/// <summary>A condition: a picture, what is taken from it as the hint, and how strongly the hint acts.</summary>
public sealed record ControlUnit
{
    /// <summary>The condition kind, such as canny.</summary>
    public required string Kind { get; init; }

    /// <summary>What the annotator looks at, or the hint itself.</summary>
    public required PictureInput Picture { get; init; }

    /// <summary>Name or hash of the ControlNet.</summary>
    public string? Model { get; init; }

    /// <summary>Name of the annotator; none where the picture already is the hint.</summary>
    public string? Annotator { get; init; }

    /// <summary>Values for the annotator's own options.</summary>
    public IReadOnlyDictionary<string, double>? Options { get; init; }

    /// <summary>Factor on all residuals, or a curve over the steps.</summary>
    public ControlWeight? Weight { get; init; }

    /// <summary>Share of the steps after which control begins.</summary>
    public double? Start { get; init; }

    /// <summary>Share of the steps after which control ends.</summary>
    public double? End { get; init; }

    /// <summary>Which side wins where prompt and hint disagree: balanced, prompt or control.</summary>
    public string? Mode { get; init; }

    /// <summary>Factors of the single residuals.</summary>
    public IReadOnlyList<double>? Layers { get; init; }

    /// <summary>How much residuals fade from the deep ones to the shallow ones; 1 for not at all.</summary>
    public double? Softness { get; init; }

    /// <summary>Factor on what is added on the unconditional side of the guidance.</summary>
    public double? Unconditional { get; init; }

    /// <summary>How a hint of another shape is brought to that of the result: just, crop or fill.</summary>
    public string? Resize { get; init; }

    /// <summary>Shorter side at which the annotator sees the picture.</summary>
    public int? Resolution { get; init; }

    /// <summary>Channel order of a picture that already is the hint.</summary>
    public string? Channels { get; init; }

    /// <summary>In which passes it acts: both, low, high or soft (both, the second softly).</summary>
    public string? Hires { get; init; }

    /// <summary>Where the unit acts.</summary>
    public PictureInput? Mask { get; init; }

    /// <summary>Where the hint of an inpainting ControlNet is made anew.</summary>
    public PictureInput? Inpaint { get; init; }

    /// <summary>Whether residuals are averaged over the picture.</summary>
    public string? Pooling { get; init; }

    /// <summary>Further pictures for an IP-Adapter, the kind ip.</summary>
    public IReadOnlyList<PictureInput>? More { get; init; }

    /// <summary>
    /// The pictures of a row behind <see cref="Picture"/>: as many results as the row has, one under each.
    /// </summary>
    public IReadOnlyList<PictureInput>? Frames { get; init; }

    /// <summary>How an IP-Adapter takes several pictures: average or concat.</summary>
    public string? Combine { get; init; }

    /// <summary>What an IP-Adapter takes over of its pictures: all, style or composition.</summary>
    public string? Transfer { get; init; }

    [JsonIgnore]
    internal IEnumerable<PictureInput> Pictures =>
        new[] { Picture, Mask, Inpaint }.OfType<PictureInput>().Concat(More ?? []).Concat(Frames ?? []);
}
