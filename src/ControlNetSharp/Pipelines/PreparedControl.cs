using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// A control unit whose network is loaded and whose hint is made: what <see cref="PictureGenerator"/> takes.
/// </summary>
public sealed record PreparedControl
{
    /// <summary>Least width and height of a hint, in pixels: one pixel of the latents.</summary>
    public const int SmallestHint = 8;

    /// <summary>
    /// The network, of the same family as the model: a ControlNet or another one that controls. Borrowed.
    /// </summary>
    public required ControlNetwork ControlNet { get; init; }

    /// <summary>
    /// The kind of the hint, such as <c>depth</c>: union ControlNets, which take several, must know it; null where the
    /// network is for one.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>
    /// The hint as the ControlNet was trained with it (an edge map, a depth map, …); it is brought to the size of the
    /// result.
    /// </summary>
    public required Picture Hint { get; init; }

    /// <summary>
    /// What an image encoder says of the unit's pictures; null for networks that ask none. Borrowed.
    /// </summary>
    internal ReferencePictures? Reference { get; init; }

    /// <summary>How strongly and when it acts.</summary>
    public ControlStrength Strength { get; init; } = new();

    /// <summary>
    /// The hint for a second, larger pass (<see cref="GenerationRequest.Hires"/>); null for <see cref="Hint"/>,
    /// enlarged.
    /// </summary>
    public Picture? HiresHint { get; init; }

    /// <summary>
    /// Where the hint counts −1, as inpainting ControlNets were trained with it: where this is white; null for nowhere.
    /// </summary>
    public Picture? Holes { get; init; }

    /// <summary>
    /// Where the unit acts: fully where this is white, not at all where it is black; null for everywhere.
    /// </summary>
    public Picture? Region { get; init; }

    /// <inheritdoc cref="ResidualPooling"/>
    public bool GlobalAveragePooling { get; init; }

    /// <summary>In which passes it acts; default both.</summary>
    public ControlPasses Passes { get; init; }

    /// <summary>How pictures of another size or shape are brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>How it holds the picture to the hint's colours; null where it does not.</summary>
    internal ColourFix? ColourFix { get; init; }

    /// <summary>Whether latents are made of its hint.</summary>
    internal bool EncodesPicture => ControlNet is Reference || ColourFix is not null;

    /// <summary>
    /// Whether it acts in the only pass, or the first (<see cref="ControlPasses.Low"/>) or second
    /// (<see cref="ControlPasses.High"/>) of two.
    /// </summary>
    internal bool ActsIn(ControlPasses pass) =>
        Strength.IsOn
        && (pass == ControlPasses.Both || Passes is ControlPasses.Both or ControlPasses.Soft || Passes == pass);

    /// <summary>The same with the strength that it has in a pass.</summary>
    internal PreparedControl In(ControlPasses pass) =>
        Passes == ControlPasses.Soft && pass == ControlPasses.High
            ? this with
            {
                Strength = Strength.Softened(),
            }
            : this;
}
