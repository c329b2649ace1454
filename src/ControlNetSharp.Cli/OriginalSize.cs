using System.Globalization;
using System.Text.RegularExpressions;
using ControlNetSharp.Networks;

namespace ControlNetSharp.Cli;

/// <summary>The size that SDXL is told a picture had before it was scaled, and how much of it was then cut off at left and top, in pixels.</summary>
internal sealed partial record OriginalSize(int Width, int Height, int Left, int Top)
{
    /// <summary>What <see cref="Parse"/> takes, in words.</summary>
    public const string Allowed = "must be WIDTHxHEIGHT or WIDTHxHEIGHT+LEFT+TOP, whole numbers to 99999.";

    /// <summary>Reads WIDTHxHEIGHT or WIDTHxHEIGHT+LEFT+TOP; null where it is neither.</summary>
    public static OriginalSize? Parse(string text)
    {
        var match = Form().Match(text);
        int Number(string name) => match.Groups[name] is { Success: true } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;
        return match.Success ? new(Number("width"), Number("height"), Number("left"), Number("top")) : null;
    }

    /// <summary>What the network is told for a picture of a size.</summary>
    public SizeConditioning For((int Width, int Height) size) => new(Height, Width, Top, Left, size.Height, size.Width);

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Width}x{Height}+{Left}+{Top}");

    [GeneratedRegex(@"^(?<width>[1-9]\d{0,4})x(?<height>[1-9]\d{0,4})(\+(?<left>\d{1,5})\+(?<top>\d{1,5}))?$", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Form();
}
