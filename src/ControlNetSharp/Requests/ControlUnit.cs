using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>
/// A condition: a picture, what is taken from it as the hint, and how strongly the hint acts. Several units add.
/// </summary>
public sealed record ControlUnit
{
    /// <summary>The kind for any picture as it is.</summary>
    public const string HintKind = "hint";

    /// <summary>The name of no annotator: the picture already is the hint.</summary>
    public const string NoAnnotator = "none";

    private const double MostWeight = 2;

    /// <summary>Name or alias of a <see cref="ConditionKind"/>, such as <c>canny</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>
    /// What the annotator looks at, or the hint itself; also a file with key points or measured depth.
    /// </summary>
    public required PictureSource Picture { get; init; }

    /// <summary>
    /// Name, path or hash of the ControlNet; null for the one that is published for the kind and the model's family,
    /// and for the kind <c>reference</c>, which has none.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>
    /// Name of the annotator; null for the kind's usual one, <c>none</c> where the picture already is the hint.
    /// Pictures of the kind <c>hint</c> have none.
    /// </summary>
    public string? Annotator { get; init; }

    /// <summary>Values for the annotator's own options (<see cref="AnnotatorInfo.Options"/>), by name.</summary>
    public IReadOnlyDictionary<string, double> Options { get; init; } = new Dictionary<string, double>();

    /// <summary>
    /// Factor on all residuals, 0 (no control) to 2, or a curve over the steps of a pass; default 1.
    /// </summary>
    [Range(0, MostWeight)]
    public ControlWeight Weight { get; init; } = 1;

    /// <summary>Share of the steps after which control begins, 0 (the default) to 1.</summary>
    [Range(0.0, 1.0)]
    public double Start { get; init; }

    /// <summary>Share of the steps after which control ends, 0 to 1 (the default).</summary>
    [Range(0.0, 1.0)]
    public double End { get; init; } = 1;

    /// <summary>Which side wins where prompt and hint disagree; default balanced.</summary>
    public ControlMode Mode { get; init; }

    /// <summary>
    /// Factors of the single residuals, each 0 to 2, in the ControlNet's order (input blocks, then the middle block: 13
    /// for SD 1.x and 2.x, 10 for SDXL), times <see cref="Weight"/>; null (the default) for what softness or mode give.
    /// For an IP-Adapter those of the stages that attend to the text, in the order in which they are run (16 for SD
    /// 1.x, 11 for SDXL).
    /// </summary>
    [Range(0, MostWeight)]
    public IReadOnlyList<double>? Layers { get; init; }

    /// <summary>
    /// How much residuals fade from the deep, coarse ones to the shallow, detailed ones, 0.01 to 1 (not at all):
    /// residual i of N has the factor softness^(N − 1 − i). Null (the default) for what the mode gives, 1 or 0.825.
    /// </summary>
    [Range(0.01, 1.0)]
    public double? Softness { get; init; }

    /// <summary>
    /// Factor on what is added on the unconditional side of the guidance, 0 (nothing, which saves time, too) to 2; null
    /// (the default) for what the mode gives, 1 or, in the mode control, 0. ComfyUI-Advanced-ControlNet calls it
    /// uncond_multiplier.
    /// </summary>
    [Range(0.0, 2.0)]
    [JsonPropertyName("unconditional")]
    public double? UnconditionalFactor { get; init; }

    /// <summary>How a hint of another size or shape is brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>
    /// Shorter side at which the annotator sees the picture, 64 to 2048 pixels; null for the size of the result.
    /// </summary>
    [Range(64, 2048)]
    public int? Resolution { get; init; }

    /// <summary>Channel order of a picture that already is the hint.</summary>
    public ChannelOrder Channels { get; init; }

    /// <summary>
    /// In which passes of a request with <see cref="GenerationRequest.Hires"/> it acts; default both.
    /// </summary>
    [JsonPropertyName("hires")]
    public ControlPasses Passes { get; init; }

    /// <summary>
    /// Where the unit acts: fully where this is white, not at all where it is black; null for everywhere.
    /// </summary>
    public PictureSource? Mask { get; init; }

    /// <summary>
    /// For inpainting ControlNets (control_v11p_sd15_inpaint): white where the hint is to be made anew, which counts −1
    /// there;
    /// null for none, or the request's own mask where the ControlNet's name says that it is for inpainting.
    /// </summary>
    [JsonPropertyName("inpaint")]
    public PictureSource? Holes { get; init; }

    /// <summary>Whether residuals are averaged over the picture.</summary>
    public ResidualPooling Pooling { get; init; }

    /// <summary>
    /// Further pictures that an IP-Adapter looks at beside <see cref="Picture"/>; null (the default) for none.
    /// </summary>
    [JsonPropertyName("more")]
    public IReadOnlyList<PictureSource>? MorePictures { get; init; }

    /// <summary>
    /// The pictures of a row behind <see cref="Picture"/>: the request makes as many pictures as the row has, picture k
    /// under the k-th of them. Rows of several units are of one length; a unit without one, the default null, has its
    /// picture for all. <see cref="PictureSource.FramesOf"/> reads a folder or an animation.
    /// </summary>
    public IReadOnlyList<PictureSource>? Frames { get; init; }

    /// <summary>How an IP-Adapter takes several pictures; default the mean of their tokens.</summary>
    public PictureCombination Combine { get; init; }

    /// <summary>What an IP-Adapter takes over of its pictures; default everything.</summary>
    public PictureTransfer Transfer { get; init; }

    /// <summary>How many pictures its row has; null without one.</summary>
    [JsonIgnore]
    internal int? Row => 1 + Frames?.Count;

    /// <summary>Whether it can act at all: a factor is above 0.</summary>
    [JsonIgnore]
    internal bool IsOn => Weight.IsOn && Layers?.All(weight => weight == 0) != true;

    /// <summary>Whether it acts by a network of its own.</summary>
    [JsonIgnore]
    internal bool TakesNetwork => IsOn && ConditionKind.TakesNetwork;

    /// <summary>The condition kind.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    [JsonIgnore]
    internal ConditionKind ConditionKind => ConditionKind.Find(Kind);

    /// <summary>Whether its pictures are looked at by an IP-Adapter.</summary>
    [JsonIgnore]
    internal bool IsForIpAdapter => ConditionKind.Name == IpAdapterFile.Kind;

    /// <summary>Edges by Canny's algorithm.</summary>
    public static ControlUnit Canny(PictureSource picture) => new() { Kind = "canny", Picture = picture };

    /// <summary>Straight lines.</summary>
    public static ControlUnit Hough(PictureSource picture) => new() { Kind = "hough", Picture = picture };

    /// <summary>Soft edges.</summary>
    public static ControlUnit Hed(PictureSource picture) => new() { Kind = "hed", Picture = picture };

    /// <summary>Rough strokes.</summary>
    public static ControlUnit Scribble(PictureSource picture) => new() { Kind = "scribble", Picture = picture };

    /// <summary>Skeletons of the people in a picture, or of a file with key points.</summary>
    public static ControlUnit Pose(PictureSource picture) => new() { Kind = "pose", Picture = picture };

    /// <summary>Areas by what they show.</summary>
    public static ControlUnit Segmentation(PictureSource picture) => new() { Kind = "segmentation", Picture = picture };

    /// <summary>Surface directions.</summary>
    public static ControlUnit Normal(PictureSource picture) => new() { Kind = "normal", Picture = picture };

    /// <summary>Depth, seen in a picture or measured.</summary>
    public static ControlUnit Depth(PictureSource picture) => new() { Kind = "depth", Picture = picture };

    /// <summary>Drawn lines.</summary>
    public static ControlUnit Lineart(PictureSource picture) => new() { Kind = "lineart", Picture = picture };

    /// <summary>A picture that the new one is to resemble, without a ControlNet.</summary>
    public static ControlUnit Reference(PictureSource picture) => new() { Kind = "reference", Picture = picture };

    /// <summary>Any picture as it is, for a ControlNet of one's own.</summary>
    /// <param name="picture">The hint.</param>
    /// <param name="model">Name, path or hash of the ControlNet.</param>
    public static ControlUnit Hint(PictureSource picture, string model) =>
        new()
        {
            Kind = HintKind,
            Picture = picture,
            Model = model,
        };
}
