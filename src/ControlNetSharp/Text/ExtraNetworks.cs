using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Text;

/// <summary>
/// The tags by which a prompt asks for LoRAs: <c>&lt;lora:name&gt;</c>, <c>&lt;lora:name:weight&gt;</c>,
/// <c>&lt;lora:name:textWeight:unetWeight&gt;</c>, or with names, <c>&lt;lora:name:te=0.5:unet=1&gt;</c>.
/// One weight alone is that of both. <c>lyco</c> means the same as <c>lora</c>. Source: stable-diffusion-webui,
/// extensions-builtin/Lora/extra_networks_lora.py (order of the weights) and modules/extra_networks.py (behaviour).
/// </summary>
internal static partial class ExtraNetworks
{
    private const string Written =
        "it is written <lora:name:weight>, <lora:name:textWeight:unetWeight> or "
        + "<lora:name:te=textWeight:unet=unetWeight>";

    /// <summary>Takes the tags out of a prompt.</summary>
    /// <returns>The prompt without them, and what they ask for, in their order.</returns>
    /// <exception cref="PromptException">
    /// A tag is not written as it should be, or asks for what is not supported; the message names it.
    /// </exception>
    public static (string Text, IReadOnlyList<ExtraNetwork> Networks) Split(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var networks = Tag().Matches(prompt).Select(Read).ToList();
        return (Tag().Replace(prompt, ""), networks);
    }

    /// <summary>The first tag of a text; null where it has none.</summary>
    public static string? FirstIn(string text) => Tag().Match(text) is { Success: true } tag ? tag.Value : null;

    private static ExtraNetwork Read(Match tag)
    {
        if (tag.Groups["kind"].Value == "hypernet")
        {
            throw new PromptException($"The prompt has \"{tag.Value}\": hypernetworks are not supported; LoRAs are.");
        }

        var arguments = tag.Groups["arguments"].Value.Split(':').Select(argument => argument.Trim()).ToList();
        var (unnamed, named) = (
            arguments.Where(argument => !argument.Contains('=')).ToList(),
            arguments.Where(argument => argument.Contains('=')).Select(argument => argument.Split('=', 2)).ToList()
        );
        if (
            unnamed.Count is 0 or > 3
            || unnamed[0].Length == 0
            || named.Find(argument => argument[0] is not ("te" or "unet")) is not null
            || named.DistinctBy(argument => argument[0]).Count() < named.Count
        )
        {
            throw new PromptException($"The prompt has \"{tag.Value}\"; {Written}.");
        }

        double? Weight(string? text) =>
            text is null ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            && double.IsFinite(weight)
                ? weight
            : throw new PromptException(
                $"The prompt has \"{tag.Value}\": the weight \"{text}\" must be a number; {Written}."
            );
        string? Named(string name) => named.Find(argument => argument[0] == name)?[1];
        var (first, second) = (Weight(unnamed.ElementAtOrDefault(1)), Weight(unnamed.ElementAtOrDefault(2)));
        var text = Weight(Named("te")) ?? first ?? 1;
        return new ExtraNetwork(unnamed[0], text, Weight(Named("unet")) ?? second ?? text);
    }

    [GeneratedRegex("<(?<kind>lora|lyco|hypernet):(?<arguments>[^>]*)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Tag();
}
