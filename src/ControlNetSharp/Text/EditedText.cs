using System.Globalization;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// A prompt whose words change from step to step: <c>[from:to:when]</c>, <c>[to:when]</c> (nothing before) and
/// <c>[from::when]</c> (nothing after) change once, <c>[a|b|c]</c> at every step, in turn.
/// <c>when</c> is the last step with the words before, or with a point in it their share of the steps. All of it nests.
/// What is in other brackets stays for <see cref="PromptSyntax"/>.
/// Source: stable-diffusion-webui wiki, "Prompt editing" and "Alternating words" (behaviour).
/// </summary>
internal sealed class EditedText
{
    private const int DeepestNesting = 50;
    private readonly IReadOnlyList<Part> _parts;

    private EditedText(IReadOnlyList<Part> parts) => _parts = parts;

    /// <summary>Whether any word changes.</summary>
    public bool Changes => _parts.Any(part => part is not Plain);

    /// <summary>Reads a prompt.</summary>
    /// <param name="prompt">The prompt, without AND and without tags of LoRAs.</param>
    /// <exception cref="PromptException">
    /// It mixes forms that cannot be mixed, or nests brackets deeper than anybody does; the message names them.
    /// </exception>
    public static EditedText Parse(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return PromptBrackets.Depth(prompt) <= DeepestNesting
            ? Read(prompt)
            : throw new PromptException($"The prompt nests square brackets deeper than {DeepestNesting}.");
    }

    /// <summary>The words of a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <param name="steps">Steps of the pass.</param>
    /// <param name="before">
    /// Steps of the pass before this one, after which whole numbers count on and shares begin with 1; null in the first
    /// pass.
    /// </param>
    public string At(int step, int steps, int? before = null)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            text.Append(
                part switch
                {
                    Plain plain => plain.Text,
                    Change change => (step <= change.LastStep(steps, before) ? change.Before : change.After).At(
                        step,
                        steps,
                        before
                    ),
                    Alternation turns => turns.Choices[(step - 1) % turns.Choices.Count].At(step, steps, before),
                    _ => throw new InvalidOperationException(part.GetType().Name),
                }
            );
        }

        return text.ToString();
    }

    private static EditedText Read(string text) => new(Parts(text));

    private static List<Part> Parts(string text)
    {
        var pairs = PromptBrackets.Pairs(text);
        var (parts, plain) = (new List<Part>(), new StringBuilder());
        for (var at = 0; at < text.Length; )
        {
            if (text[at] == '[' && pairs.TryGetValue(at, out var end) && Edited(text[(at + 1)..end]) is { } edited)
            {
                parts.Add(new Plain(plain.ToString()));
                parts.Add(edited);
                plain.Clear();
                at = end + 1;
            }
            else
            {
                var length = text[at] == '\\' && at + 1 < text.Length ? 2 : 1;
                plain.Append(text, at, length);
                at += length;
            }
        }

        parts.Add(new Plain(plain.ToString()));
        return parts;
    }

    /// <summary>What is between two square brackets; null where they only weaken it.</summary>
    private static Part? Edited(string inner)
    {
        var (choices, times) = (PromptBrackets.Split(inner, '|'), PromptBrackets.Split(inner, ':'));
        if (choices.Count > 1)
        {
            return times.Count == 1
                ? new Alternation([.. choices.Select(Read)])
                : throw new PromptException(
                    $"The prompt has \"[{inner}]\", which is neither [a|b] nor [from:to:when]; brackets inside it or a "
                        + "backslash before the colon tell them apart."
                );
        }

        // System.Globalization's "float" would take more, such as 1e3 and Infinity.
        if (
            times.Count == 1
            || !double.TryParse(
                times[^1].Trim(),
                NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out var when
            )
        )
        {
            return null;
        }

        var isShare = times[^1].Contains('.');
        return times.Count switch
        {
            2 => new Change(Read(""), Read(times[0]), when, isShare),
            3 => new Change(Read(times[0]), Read(times[1]), when, isShare),
            _ => throw new PromptException(
                $"The prompt has \"[{inner}]\" with {times.Count - 1} colons; prompt editing is written "
                    + "[from:to:when], [to:when] or [from::when], and a backslash before a colon makes it plain text."
            ),
        };
    }

    private abstract record Part;

    private sealed record Plain(string Text) : Part;

    private sealed record Change(EditedText Before, EditedText After, double When, bool IsShare) : Part
    {
        public int LastStep(int steps, int? before) =>
            (int)Math.Min(steps, IsShare ? (When - (before is null ? 0 : 1)) * steps : When - (before ?? 0));
    }

    private sealed record Alternation(IReadOnlyList<EditedText> Choices) : Part;
}
