using System.CommandLine;
using System.Text.RegularExpressions;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>
/// Which option says a member of a request: the library names members, people on the command line know options.
/// </summary>
internal static partial class MemberOptions
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["prompt"] = "--prompt",
        ["negativePrompt"] = "--negative",
        ["model"] = "--model",
        ["vae"] = "--vae",
        ["prediction"] = "--prediction",
        ["size"] = "--size",
        ["steps"] = "--steps",
        ["sampler"] = "--sampler",
        ["scheduler"] = "--scheduler",
        ["eta"] = "--eta",
        ["guidanceScale"] = "--cfg",
        ["seed"] = "--seed",
        ["batch"] = "--batch",
        ["count"] = "--count",
        ["clipSkip"] = "--clip-skip",
        ["tiling"] = "--tiling",
        ["cache"] = "--cache",
        ["tokenMerging"] = "--token-merging",
        ["originalSize"] = "--original-size",
        ["initial.picture"] = "--init",
        ["initial.denoise"] = "--denoise",
        ["initial.mask.picture"] = "--mask",
        ["initial.mask.blur"] = "--mask-blur",
        ["initial.mask.content"] = "--masked-content",
        ["initial.mask.onlyMasked"] = "--only-masked",
        ["initial.mask.padding"] = "--mask-padding",
        ["hires"] = "--hires",
        ["styleAlignment"] = "--style-align",
        ["upscale"] = "--upscale",
        ["regions"] = RegionText.Option,
    };

    /// <summary>Members whose own members are parts of one option.</summary>
    private static readonly string[] Lists = ["hires", "upscale", "styleAlignment"];

    /// <summary>What parts are called that have another name as members.</summary>
    private static readonly Dictionary<string, string> PartNames = new(StringComparer.Ordinal)
    {
        ["controlModel"] = "model",
        ["controlWeight"] = "weight",
        ["negativePrompt"] = "negative",
    };

    /// <summary>The error in the words of the command line; null for a member that was not said by an option.</summary>
    /// <param name="e">The library's error.</param>
    /// <param name="isGiven">Whether the user wrote an option.</param>
    public static UsageException? Of(RequestException e, Func<string, bool> isGiven)
    {
        var (option, value) = Find(e);
        return option is not null && isGiven(option) ? UsageException.Of(option, value, e.Problem, e) : null;
    }

    /// <summary>The option of a member that has one for itself; null for others.</summary>
    public static string? NameOf(string member) => Names.GetValueOrDefault(member);

    private static (string? Option, string Value) Find(RequestException e)
    {
        var unit = Unit().Match(e.Member);
        if (unit.Success)
        {
            return (UnitText.Option, Part(unit.Groups["part"].Value, e));
        }

        if (Region().Match(e.Member) is { Success: true } region)
        {
            var part = region.Groups["part"].Value;
            return (RegionText.Option, Part(PartNames.GetValueOrDefault(part, part), e));
        }

        if (Array.Find(Lists, name => e.Member.StartsWith(name + ".", StringComparison.Ordinal)) is { } list)
        {
            var part = e.Member[(list.Length + 1)..];
            var isFirst = part == "scale" && list != "styleAlignment";
            return (Names[list], isFirst ? e.Value ?? "" : Part(PartNames.GetValueOrDefault(part, part), e));
        }

        return (Names.GetValueOrDefault(e.Member), e.Value ?? "");
    }

    private static string Part(string name, RequestException e) =>
        name is "kind" or "picture" or "prompt" or "" ? e.Value ?? ""
        : e.Value is null ? name
        : $"{name}={e.Value}";

    [GeneratedRegex(@"^units\[\d+\]\.?(options\.)?(?<part>\w*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unit();

    [GeneratedRegex(@"^regions\[\d+\]\.?(?<part>\w*)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Region();
}
