using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Text;

/// <summary>
/// The prompt syntax of A1111: <c>(text)</c> counts 1.1 times, <c>[text]</c> a 1.1th, <c>(text:1.3)</c> 1.3 times;
/// brackets nest, an open one reaches to the end, a backslash makes a
/// bracket plain; <c>BREAK</c> begins a new chunk. Source: stable-diffusion-webui wiki, "Attention/emphasis"
/// (behaviour); numbers: goldens parse_prompt_attention.
/// </summary>
internal static partial class PromptSyntax
{
    private const double Step = 1.1;
    private const string Special = "\\()[]:";

    /// <summary>
    /// Reads the words of one step; what changes them, joins prompts or asks for LoRAs is resolved before
    /// (<see cref="ParsedPrompt"/>, <see cref="EditedText"/>) and plain text here.
    /// </summary>
    /// <param name="prompt">The words.</param>
    /// <returns>Their pieces; neighbours differ in weight. At least one.</returns>
    /// <exception cref="PromptException">A weight is no number; the message names it.</exception>
    public static IReadOnlyList<WeightedText> Parse(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var pieces = new List<WeightedText>();
        var (round, square) = (new Stack<int>(), new Stack<int>());
        for (var at = 0; at < prompt.Length; )
        {
            var c = prompt[at];
            var closing = c == ':' ? WeightAndBracket().Match(prompt, at) : Match.Empty;
            if (c == '\\')
            {
                var escapes = at + 1 < prompt.Length && "\\()[]".Contains(prompt[at + 1]);
                pieces.Add(new(escapes ? prompt[at + 1].ToString() : "", 1));
                at += escapes ? 2 : 1;
            }
            else if (c is '(' or '[')
            {
                (c == '(' ? round : square).Push(pieces.Count);
                at++;
            }
            else if (closing.Success && round.Count > 0)
            {
                Multiply(pieces, round.Pop(), Number(closing.Groups["weight"].Value));
                at += closing.Length;
            }
            else if (c == ')' && round.Count > 0)
            {
                Multiply(pieces, round.Pop(), Step);
                at++;
            }
            else if (c == ']' && square.Count > 0)
            {
                Multiply(pieces, square.Pop(), 1 / Step);
                at++;
            }
            else
            {
                var end = at + 1;
                while (!Special.Contains(c) && end < prompt.Length && !Special.Contains(prompt[end]))
                {
                    end++;
                }

                AddPlain(pieces, prompt[at..end]);
                at = end;
            }
        }

        foreach (var start in round)
        {
            Multiply(pieces, start, Step);
        }

        foreach (var start in square)
        {
            Multiply(pieces, start, 1 / Step);
        }

        return Joined(pieces);
    }

    private static void AddPlain(List<WeightedText> pieces, string text)
    {
        foreach (var (index, part) in Break().Split(text).Index())
        {
            if (index > 0)
            {
                pieces.Add(new("", 1, IsBreak: true));
            }

            pieces.Add(new(part, 1));
        }
    }

    private static void Multiply(List<WeightedText> pieces, int start, double factor)
    {
        for (var i = start; i < pieces.Count; i++)
        {
            pieces[i] = pieces[i] with { Weight = pieces[i].Weight * factor };
        }
    }

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new PromptException($"The prompt has the weight \"{text}\"; it must be a number such as 1.2.");

    private static List<WeightedText> Joined(List<WeightedText> pieces)
    {
        var joined = new List<WeightedText>();
        var text = new StringBuilder();
        foreach (var (index, piece) in pieces.Index())
        {
            text.Append(piece.Text);
            if (
                index + 1 == pieces.Count
                || piece.IsBreak
                || pieces[index + 1].IsBreak
                || pieces[index + 1].Weight != piece.Weight
            )
            {
                joined.Add(piece with { Text = text.ToString() });
                text.Clear();
            }
        }

        return joined.Count > 0 ? joined : [new("", 1)];
    }

    [GeneratedRegex(@"\G:\s*(?<weight>[+-]?[.\d]+)\s*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WeightAndBracket();

    [GeneratedRegex(@"\s*\bBREAK\b\s*", RegexOptions.None, 1000)]
    private static partial Regex Break();
}
