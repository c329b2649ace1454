using System.Text.RegularExpressions;

namespace ControlNetSharp.Requests;

/// <summary>
/// How a picture was made, as stable-diffusion-webui writes it into the picture and many programs after it: the prompt,
/// the negative prompt, and one line of settings, <c>Key: value, Key: value</c>. Every text is one; what has no
/// settings is a prompt. Source: stable-diffusion-webui v1.10.1, infotext_utils.py, parse_generation_parameters
/// (behaviour).
/// </summary>
public sealed partial record Infotext
{
    private const string NegativeMark = "Negative prompt:";

    /// <summary>Fewer settings than these are part of the prompt, as in stable-diffusion-webui.</summary>
    private const int LeastSettings = 3;

    private static readonly string[] UsualKeys =
    [
        "Steps",
        "Sampler",
        "CFG scale",
        "Seed",
        "Size",
        "Model",
        "Model hash",
    ];

    /// <summary>What the picture shows; may have several lines.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>What it does not show; may have several lines.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>The settings in their order, values without quotes; a key may come more than once.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>The value of the first setting of a key in any case; null where there is none.</summary>
    public string? this[string key] =>
        Settings
            .Where(setting => setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase))
            .Select(setting => setting.Value)
            .FirstOrDefault();

    /// <summary>Reads any text.</summary>
    public static Infotext Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Trim('\n', '\r', ' ', '\t', '\0').Split('\n');
        return FromSteps(lines) ?? FromOneLine(lines) ?? FromLastLine(lines) ?? WithPrompts(lines, []);
    }

    /// <summary>
    /// Says a request, for pictures that stable-diffusion-webui and its kin can take up again. It has no words for all
    /// of a request: a picture has its JSON beside it.
    /// </summary>
    /// <param name="request">The request, which was checked.</param>
    /// <param name="facts">What it was resolved to for the picture.</param>
    internal static Infotext Of(GenerationRequest request, InfotextFacts facts)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(facts);
        return InfotextWriter.Describe(request, facts);
    }

    /// <summary>The text; <see cref="Parse"/> gives the same prompts and settings again.</summary>
    public override string ToString()
    {
        var negative = NegativePrompt.Length == 0 ? "" : $"\n{NegativeMark} {NegativePrompt}";
        return $"{Prompt}{negative}\n{InfotextSettings.Write(Settings)}".Trim();
    }

    /// <summary>
    /// The settings begin at the last line that begins with the steps, since a prompt may have such a line, too, and go
    /// to the end: some programs add lines.
    /// </summary>
    private static Infotext? FromSteps(string[] lines)
    {
        var first = Array.FindLastIndex(lines, line => StepsFirst().IsMatch(line));
        return first >= 0 ? From(lines, first) : null;
    }

    /// <summary>Web pages and chats make one line of all.</summary>
    private static Infotext? FromOneLine(string[] lines)
    {
        if (lines is not [var line] || StepsWithin().Matches(line) is not { Count: > 0 } steps)
        {
            return null;
        }

        var (prompts, settings) = (line[..steps[^1].Index], line[steps[^1].Index..]);
        return prompts.Split(NegativeMark, 2) is [var prompt, var negative]
            ? From([prompt, NegativeMark + negative, settings], ^1)
            : From([prompts, settings], ^1);
    }

    /// <summary>Settings that begin with another key are the last line.</summary>
    private static Infotext? FromLastLine(string[] lines) => From(lines, ^1);

    private static Infotext? From(string[] lines, Index first)
    {
        var settings = InfotextSettings.Parse(string.Join('\n', lines[first..]));
        return AreSettings(settings) ? WithPrompts(lines[..first], settings) : null;
    }

    private static bool AreSettings(IReadOnlyList<KeyValuePair<string, string>> settings) =>
        settings.Count >= LeastSettings
        && settings.Any(setting => UsualKeys.Contains(setting.Key, StringComparer.OrdinalIgnoreCase));

    private static Infotext WithPrompts(string[] lines, IReadOnlyList<KeyValuePair<string, string>> settings)
    {
        var negative = Array.FindIndex(
            lines,
            line => line.TrimStart().StartsWith(NegativeMark, StringComparison.Ordinal)
        );
        return new Infotext
        {
            Prompt = Joined(negative < 0 ? lines : lines[..negative]),
            NegativePrompt = negative < 0 ? "" : Joined(lines[negative..]).Trim()[NegativeMark.Length..].Trim(),
            Settings = settings,
        };
    }

    private static string Joined(string[] lines) => string.Join('\n', lines).Trim();

    [GeneratedRegex(@"^\s*Steps:\s*\d+(\.0)?\s*(,|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StepsFirst();

    [GeneratedRegex(@"(?<=^|[\s.,])Steps:\s*\d+\s*,", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StepsWithin();
}
