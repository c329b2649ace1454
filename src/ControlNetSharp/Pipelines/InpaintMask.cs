using ControlNetSharp.Pictures;

namespace ControlNetSharp.Pipelines;

/// <summary>Which part of a picture is repainted, and how. Values are checked where they are set.</summary>
public sealed record InpaintMask
{
    /// <summary>The most blur and padding, in pixels.</summary>
    public const int MostBlur = 64;

    /// <inheritdoc cref="MostBlur"/>
    public const int MostPadding = 256;

    private readonly int _blur = 4;
    private readonly int _padding = 32;

    /// <summary>White is repainted, black stays; in the shape of the picture that it belongs to, in any size.</summary>
    public required Picture Picture { get; init; }

    /// <summary>Standard deviation of the blur that softens the mask's border, 0 to 64 pixels; default 4. Pixels of the size that is repainted, with <see cref="OnlyMasked"/> of the picture itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 0 to 64.</exception>
    public int Blur
    {
        get => _blur;
        init => _blur = value is >= 0 and <= MostBlur ? value : throw new ArgumentOutOfRangeException(nameof(Blur), value, $"Blur must be from 0 to {MostBlur}.");
    }

    /// <summary>What lies under the mask at the start; default the picture itself.</summary>
    public MaskedContent Content { get; init; } = MaskedContent.Original;

    /// <summary>Whether only the surroundings of the mask are made, at the size of the request, and put back into the whole picture, which keeps its own size.</summary>
    public bool OnlyMasked { get; init; }

    /// <summary>With <see cref="OnlyMasked"/>: pixels around the mask that are looked at too, 0 to 256; default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 0 to 256.</exception>
    public int Padding
    {
        get => _padding;
        init => _padding = value is >= 0 and <= MostPadding ? value : throw new ArgumentOutOfRangeException(nameof(Padding), value, $"Padding must be from 0 to {MostPadding}.");
    }
}
