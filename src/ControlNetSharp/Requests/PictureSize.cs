using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;

namespace ControlNetSharp.Requests;

/// <summary>Width and height of a result.</summary>
/// <param name="Width">Pixels a row: a multiple of 8 from 64 to 4096.</param>
/// <param name="Height">Rows: likewise.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PictureSize(
    [property: Range(PictureSize.Least, PictureSize.Most)] int Width,
    [property: Range(PictureSize.Least, PictureSize.Most)] int Height
)
{
    /// <summary>Width and height are multiples of this.</summary>
    public const int Step = 8;

    /// <summary>Least width and height.</summary>
    public const int Least = 64;

    /// <summary>Most width and height.</summary>
    public const int Most = 4096;

    /// <summary>What is allowed, in words.</summary>
    internal static string Allowed => $"must be two multiples of {Step} from {Least} to {Most}.";

    /// <summary>Whether both sides are allowed.</summary>
    internal bool IsAllowed => Fits(Width) && Fits(Height);

    /// <summary>A pair is a size.</summary>
    public static implicit operator PictureSize((int Width, int Height) sides) => new(sides.Width, sides.Height);

    /// <summary>As people write it: WIDTHxHEIGHT.</summary>
    public override string ToString() => $"{Width}x{Height}";

    private static bool Fits(int side) => side is >= Least and <= Most && side % Step == 0;
}
