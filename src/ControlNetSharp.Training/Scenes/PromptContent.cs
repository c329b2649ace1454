namespace ControlNetSharp.Scenes;

/// <summary>What a prompt names, as far as the words of the scenes' captions go; other words are passed over.</summary>
/// <param name="Things">Things and places, each once: numbers in <see cref="SceneVocabulary.Things"/>.</param>
/// <param name="Colour">
/// The colour of the main thing, the first one that has one: a number in <see cref="SceneVocabulary.Colours"/>; null
/// where none is named.
/// </param>
/// <param name="Time">Time of day or weather; null where none is named.</param>
public sealed record PromptContent(IReadOnlyList<int> Things, int? Colour, SceneTime? Time)
{
    /// <summary>Reads a prompt.</summary>
    /// <param name="prompt">English, such as "a blue cup on a table, night".</param>
    public static PromptContent Of(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var words = prompt
            .ToLowerInvariant()
            .Split([' ', ',', '.', ';', ':', '(', ')', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries);
        var (things, colour) = (new List<int>(), (int?)null);
        for (var i = 0; i < words.Length; )
        {
            var (thing, length) = ThingAt(words, i);
            // "An orange" is a fruit, "an orange cup" and "an orange tree" are not.
            if (
                thing is null
                || (ColourOf(words[i]) is not null && i + 1 < words.Length && ThingAt(words, i + 1).Thing is not null)
            )
            {
                i++;
                continue;
            }

            things.Add(thing.Value);
            colour ??= i > 0 ? ColourOf(words[i - 1]) : null;
            i += length;
        }

        return new PromptContent([.. things.Distinct()], colour, TimeIn($" {string.Join(' ', words)} "));
    }

    /// <summary>The longest name that begins at a word, and its number of words.</summary>
    private static (int? Thing, int Length) ThingAt(string[] words, int first)
    {
        for (var length = Math.Min(SceneVocabulary.LongestName, words.Length - first); length > 0; length--)
        {
            if (SceneVocabulary.ThingOf(string.Join(' ', words, first, length)) is { } thing)
            {
                return (thing, length);
            }
        }

        return (null, 0);
    }

    private static int? ColourOf(string word) =>
        SceneVocabulary
            .Colours.Index()
            .Where(colour => colour.Item == word)
            .Select(colour => (int?)colour.Index)
            .FirstOrDefault();

    private static SceneTime? TimeIn(string text) =>
        SceneVocabulary
            .Times.Where(row => text.Contains($" {row.Words} ", StringComparison.Ordinal))
            .Select(row => (SceneTime?)row.Time)
            .FirstOrDefault();
}
