using System.Text.RegularExpressions;
using static ControlNetSharp.Requests.InfotextVocabulary;

namespace ControlNetSharp.Requests;

/// <summary>What the sizes in an infotext come to: those of the first pass and of the second.</summary>
internal static partial class InfotextSizes
{
    /// <summary>A scale that makes the size of the result from that of the first pass.</summary>
    /// <exception cref="RequestException">It is no size, or there is no such scale.</exception>
    public static GenerationRequest WithSecondPass(GenerationRequest request, InfotextSetting setting)
    {
        var first = request.Size ?? throw setting.Refused("the size of the first pass is not known.");
        var pass =
            request.Hires!.To(SidesOf(setting), first)
            ?? throw setting.Refused($"the second pass must have the shape of the first, {first}.");
        return request with { Hires = pass };
    }

    /// <summary>
    /// What the first pass was where it was left to the program: about 512 x 512 pixels. Source: stable-diffusion-webui
    /// v1.10.1, processing.py, old_hires_fix_first_pass_dimensions (behaviour).
    /// </summary>
    public static PictureSize FirstPassOf(PictureSize result)
    {
        const int side = 512,
            step = 64;
        var scale = side / Math.Sqrt((double)result.Width * result.Height);
        return (Side(result.Width), Side(result.Height));

        int Side(int whole) => step * (int)Math.Ceiling(scale * whole / step);
    }

    /// <summary>The size that the picture had: the next smaller multiples of 8.</summary>
    /// <exception cref="RequestException">It is no size.</exception>
    public static PictureSize SizeOf(InfotextSetting setting) => Floored(SidesOf(setting));

    /// <summary>The sides as they are written.</summary>
    /// <exception cref="RequestException">It is no size.</exception>
    public static PictureSize SidesOf(InfotextSetting setting) =>
        Sides().Match(setting.Value) is { Success: true } match
            ? new(Whole(match.Groups["width"].Value), Whole(match.Groups["height"].Value))
            : throw setting.Refused(PictureSize.Allowed);

    private static PictureSize Floored(PictureSize size) =>
        new(size.Width / PictureSize.Step * PictureSize.Step, size.Height / PictureSize.Step * PictureSize.Step);

    [GeneratedRegex(@"^\s*(?<width>\d{1,5})\s*[xX×]\s*(?<height>\d{1,5})\s*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sides();
}
