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

    /// <summary>How a hint of another size or shape is brought to that of the result.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.Crop;
}
