using System.Globalization;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Pipelines;

/// <summary>One ControlNet, its hint, and how strongly it acts. Several units add.</summary>
public sealed record ControlUnit
{
    /// <summary>Least width and height of a hint, in pixels: one pixel of the latents.</summary>
    public const int SmallestHint = 8;

    private readonly Picture? _hint;
    private readonly ControlStrength _strength = new();

    /// <summary>The network, of the same family as the model. Borrowed.</summary>
    public required ControlNet ControlNet { get; init; }

    /// <summary>The hint as the ControlNet was trained with it (an edge map, a depth map, …), at least 8 x 8; it is brought to the size of the result.</summary>
    /// <exception cref="ArgumentException">Smaller than 8 x 8.</exception>
    public required Picture Hint
    {
        get => _hint!;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _hint = value.Width >= SmallestHint && value.Height >= SmallestHint ? value
                : throw new ArgumentException($"Hint must be at least {SmallestHint} x {SmallestHint} pixels; it has {value.Width} x {value.Height}.", nameof(Hint));
        }
    }

    /// <summary>How strongly and when it acts.</summary>
    /// <exception cref="ArgumentException">Its start is after its end, so that it would never act.</exception>
    public ControlStrength Strength
    {
        get => _strength;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _strength = value.Start <= value.End ? value
                : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Strength must not have a Start ({value.Start}) after its End ({value.End})."), nameof(Strength));
        }
    }

    /// <summary>The hint for a second, larger pass (<see cref="GenerationRequest.Hires"/>), such as one made anew at that size; null for <see cref="Hint"/>, enlarged.</summary>
    public Picture? HiresHint { get; init; }

    /// <summary>Which pixels of the hint are to be made anew: where this is white the hint counts −1, which inpainting ControlNets (control_v11p_sd15_inpaint) were trained with; null for none. Brought to size like the hint.</summary>
    public Picture? Holes { get; init; }

    /// <summary>Where the unit acts: fully where this is white, not at all where it is black; null for everywhere. Brought to size like the hint.</summary>
    public Picture? Region { get; init; }

    /// <summary>
    /// Whether each residual is averaged over the picture and counts on the conditional side only, as the ControlNets of shuffled pictures (control_v11e_sd15_shuffle) were trained.
    /// Source: ControlNet 1.1, "global_average_pooling".
    /// </summary>
    public bool GlobalAveragePooling { get; init; }

    /// <summary>In which passes it acts; default both.</summary>
    public ControlPasses Passes { get; init; }

    /// <summary>How a hint of another size or shape is brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;

    /// <summary>Whether it acts in the only pass, or the first (<see cref="ControlPasses.Low"/>) or second (<see cref="ControlPasses.High"/>) of two.</summary>
    internal bool ActsIn(ControlPasses pass) => Strength.IsOn && (pass == ControlPasses.Both || Passes == ControlPasses.Both || Passes == pass);
}
