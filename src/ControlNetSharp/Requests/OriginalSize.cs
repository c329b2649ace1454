using System.ComponentModel.DataAnnotations;
using ControlNetSharp.Networks;

namespace ControlNetSharp.Requests;

/// <summary>
/// What SDXL is told of a picture: its size before it was scaled, and how much of it was then cut off.
/// </summary>
public sealed record OriginalSize
{
    private const int Most = 99_999;

    /// <summary>Pixels a row, 1 to 99999.</summary>
    [Range(1, Most)]
    public required int Width { get; init; }

    /// <summary>Rows, 1 to 99999.</summary>
    [Range(1, Most)]
    public required int Height { get; init; }

    /// <summary>Pixels cut off at the left, 0 (the default) to 99999.</summary>
    [Range(0, Most)]
    public int Left { get; init; }

    /// <summary>Pixels cut off at the top, 0 (the default) to 99999.</summary>
    [Range(0, Most)]
    public int Top { get; init; }

    /// <summary>What the network is told for a picture of a size.</summary>
    internal SizeConditioning For(PictureSize size) => new(Height, Width, Top, Left, size.Height, size.Width);

    /// <summary>As people write it: WIDTHxHEIGHT+LEFT+TOP.</summary>
    public override string ToString() => $"{Width}x{Height}+{Left}+{Top}";
}
