using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Text;

/// <summary>A part of a prompt that is predicted for itself.</summary>
/// <param name="Text">Its words.</param>
/// <param name="Weight">How much its prediction counts: 1 for a prompt without AND, any number otherwise.</param>
internal sealed record PromptPart(EditedText Text, double Weight);

/// <summary>
/// A prompt with everything that is not emphasis taken apart: tags of LoRAs, and the parts that <c>AND</c> joins, each
/// of which may end with a weight (<c>a cat :1.2 AND a dog</c>).
/// Source: stable-diffusion-webui wiki, "Composable Diffusion" (behaviour); Liu et al. 2022, arXiv:2206.01714.
/// </summary>
internal sealed partial class ParsedPrompt
{
    private ParsedPrompt(IReadOnlyList<ExtraNetwork> networks, IReadOnlyList<PromptPart> parts) =>
        (Networks, Parts) = (networks, parts);

    /// <summary>The LoRAs that it asks for.</summary>
    public IReadOnlyList<ExtraNetwork> Networks { get; }

    /// <summary>Its parts, at least one.</summary>
    public IReadOnlyList<PromptPart> Parts { get; }

    /// <summary>Reads a prompt.</summary>
    /// <param name="prompt">The prompt, as it is written.</param>
    /// <exception cref="PromptException">
    /// It is not written as it should be; the message names what is wrong.
    /// </exception>
    public static ParsedPrompt Parse(string prompt)
    {
        var (text, networks) = ExtraNetworks.Split(prompt);
        var joints = Joint().Matches(text);
        var outside = joints.Count == 0 ? [] : PromptBrackets.Outside(text).ToHashSet();
        if (joints.FirstOrDefault(joint => !outside.Contains(joint.Index)) is { } inside)
        {
            throw new PromptException(
                "The prompt has AND inside of brackets "
                    + $"(\"{text[Math.Max(0, inside.Index - 10)..Math.Min(text.Length, inside.Index + 13)]}\"); it can "
                    + "join whole prompts only."
            );
        }

        var ends = joints
            .Select(joint => (joint.Index, End: joint.Index + joint.Length))
            .Append((Index: text.Length, End: text.Length))
            .ToList();
        var starts = ends.Select(end => end.End).Prepend(0);
        return new ParsedPrompt(
            networks,
            [.. ends.Zip(starts, (end, start) => Part(text[start..end.Index], joints.Count > 0))]
        );
    }

    /// <summary>
    /// Reads a negative prompt: words may change in it, too, but it names no LoRAs, and nothing is joined.
    /// </summary>
    /// <param name="negative">The prompt, as it is written.</param>
    /// <exception cref="PromptException">
    /// It is not written as it should be; the message names what is wrong.
    /// </exception>
    public static ParsedPrompt ParseNegative(string negative)
    {
        ArgumentNullException.ThrowIfNull(negative);
        return ExtraNetworks.FirstIn(negative) is { } tag
                ? throw new PromptException(
                    $"The negative prompt has \"{tag}\": LoRAs act on both prompts and can be named in the prompt "
                        + "alone."
                )
            : Joint().IsMatch(negative)
                ? throw new PromptException(
                    "The negative prompt has AND, which joins prompts; there is one negative prompt for all of them."
                )
            : new ParsedPrompt([], [new PromptPart(EditedText.Parse(negative), 1)]);
    }

    /// <summary>The pieces of all parts at all steps, with their weights.</summary>
    /// <param name="steps">Steps of the pass, 1 or more.</param>
    /// <param name="second">Steps of the pass after it; 0 without one.</param>
    /// <exception cref="PromptException">
    /// A weight is no number, or there is no such number of steps; the message names it.
    /// </exception>
    public IReadOnlyList<WeightedText> Pieces(int steps, int second = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        static IEnumerable<string> Words(EditedText text, int steps, int? before) =>
            Enumerable.Range(1, text.Changes ? steps : Math.Min(steps, 1)).Select(step => text.At(step, steps, before));
        return
        [
            .. Parts
                .SelectMany(part => Words(part.Text, steps, null).Concat(Words(part.Text, second, steps)))
                .Distinct(StringComparer.Ordinal)
                .SelectMany(PromptSyntax.Parse),
        ];
    }

    private static PromptPart Part(string text, bool isJoined)
    {
        var weight = isJoined ? Weight().Match(text) : Match.Empty;
        return weight.Success
            ? new PromptPart(
                EditedText.Parse(text[..weight.Index]),
                double.Parse(weight.Groups["weight"].Value, NumberStyles.Float, CultureInfo.InvariantCulture)
            )
            : new PromptPart(EditedText.Parse(text), 1);
    }

    [GeneratedRegex(@"\bAND\b", RegexOptions.None, 1000)]
    private static partial Regex Joint();

    [GeneratedRegex(@"\s*:\s*(?<weight>[-+]?(\d+\.?\d*|\.\d+))\s*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Weight();
}
