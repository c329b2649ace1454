using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Requests;

/// <summary>Sizes as people write them.</summary>
internal static partial class SizeText
{
    /// <summary>Reads WIDTHxHEIGHT.</summary>
    /// <exception cref="RequestException">It is none, or out of range.</exception>
    public static PictureSize Parse(string member, string text)
    {
        var match = Form().Match(text);
        return
            match is { Success: true }
            && !match.Groups["left"].Success
            && new PictureSize(Number(match, "width"), Number(match, "height")) is { IsAllowed: true } size
            ? size
            : throw new RequestException(
                member,
                text,
                $"must be WIDTHxHEIGHT, {PictureSize.Allowed["must be ".Length..]}"
            );
    }

    /// <summary>Reads WIDTHxHEIGHT or WIDTHxHEIGHT+LEFT+TOP.</summary>
    /// <exception cref="RequestException">It is neither.</exception>
    public static OriginalSize ParseOriginal(string member, string text)
    {
        var match = Form().Match(text);
        return match.Success
            ? new()
            {
                Width = Number(match, "width"),
                Height = Number(match, "height"),
                Left = Number(match, "left"),
                Top = Number(match, "top"),
            }
            : throw new RequestException(
                member,
                text,
                "must be WIDTHxHEIGHT or WIDTHxHEIGHT+LEFT+TOP, whole numbers to 99999."
            );
    }

    private static int Number(Match match, string name) =>
        match.Groups[name] is { Success: true } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(
        @"^(?<width>[1-9]\d{0,4})x(?<height>[1-9]\d{0,4})(\+(?<left>\d{1,5})\+(?<top>\d{1,5}))?$",
        RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase,
        1000
    )]
    private static partial Regex Form();
}
