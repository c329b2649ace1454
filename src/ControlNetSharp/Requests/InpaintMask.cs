using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>Which part of a picture is repainted, and how.</summary>
public sealed record InpaintMask
{
    /// <summary>White is repainted, black stays; in the shape of the picture that it belongs to, in any size.</summary>
    public required PictureSource Picture { get; init; }

    /// <summary>
    /// Standard deviation of the blur that softens the mask's border, 0 to 64 pixels; default 4. Pixels of the size
    /// that is
    /// repainted, with <see cref="OnlyMasked"/> of the picture itself.
    /// </summary>
    [Range(0, 64)]
    public int Blur { get; init; } = 4;

    /// <summary>What lies under the mask at the start; default the picture itself.</summary>
    public MaskedContent Content { get; init; } = MaskedContent.Original;

    /// <summary>
    /// Whether only the surroundings of the mask are made, at the size of the request, and put back into the whole
    /// picture,
    /// which keeps its own size.
    /// </summary>
    public bool OnlyMasked { get; init; }

    /// <summary>
    /// With <see cref="OnlyMasked"/>: pixels around the mask that are looked at too, 0 to 256; default 32.
    /// </summary>
    [Range(0, 256)]
    public int Padding { get; init; } = 32;
}
