using System.Collections.Concurrent;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// CLIP's tokenizer: text to ids of byte pairs and back. All of Stable Diffusion 1.x, 2.x and XL use it. Safe for use
/// by several threads at once.
/// Source: CLIP clip/simple_tokenizer.py, with the repair of damaged text that it leaves to ftfy.
/// </summary>
public sealed class ClipTokenizer
{
    /// <summary>
    /// Tokens in one row of a text encoder's input: the start token, at most 75 ids, the end token, padding.
    /// </summary>
    public const int ContextLength = 77;

    // Words that were met before cost one look-up. A server meets ever new ones, so the memory for them has an end.
    private const int RememberedWords = 20_000;
    private const int LongestRememberedWord = 64;

    private static readonly Lazy<ClipTokenizer> Shared = new(() => new ClipTokenizer(BytePairVocabulary.Load()));
    private readonly BytePairVocabulary _vocabulary;
    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);

    private ClipTokenizer(BytePairVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _words[PromptWords.StartText] = [StartToken];
        _words[PromptWords.EndText] = [EndToken];
    }

    /// <summary>The tokenizer on the embedded vocabulary; it is read on first use.</summary>
    public static ClipTokenizer Default => Shared.Value;

    /// <summary>The id that begins every row: 49406.</summary>
    public int StartToken => _vocabulary.Count;

    /// <summary>The id that ends the text: 49407, the largest one.</summary>
    public int EndToken => _vocabulary.Count + 1;

    /// <summary>The ids of a text of any length, without start and end token.</summary>
    /// <param name="text">
    /// Any text. Damaged characters and HTML entities are repaired, case and white space do not count.
    /// </param>
    /// <returns>
    /// Ids from 0 to 49405; the end token only where the text spells it out as <c>&lt;|endoftext|&gt;</c>, the start
    /// token likewise.
    /// </returns>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. PromptWords.Split(PromptCleaning.Clean(text)).SelectMany(EncodeWord)];
    }

    /// <summary>
    /// The text that ids stand for: lower case, one space after each word (before punctuation too). Bytes that are no
    /// UTF-8 become U+FFFD.
    /// </summary>
    /// <param name="ids">Ids from 0 to 49407; start and end tokens leave no text.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new List<byte>();
        foreach (var id in ids)
        {
            if (id < 0 || id > EndToken)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"A token id must be from 0 to {EndToken}.");
            }

            if (id >= _vocabulary.Count)
            {
                continue;
            }

            var (piece, endsWord) = _vocabulary[id];
            bytes.AddRange(piece);
            if (endsWord)
            {
                bytes.Add((byte)' ');
            }
        }

        return Encoding.UTF8.GetString([.. bytes]).TrimEnd(' ');
    }

    /// <summary>
    /// One row for a text encoder: the start token, the ids, the end token, then padding up to 77. Ids beyond the 75th
    /// are left out, as CLIP's truncation does.
    /// </summary>
    /// <param name="ids">Ids from <see cref="Encode"/>.</param>
    /// <param name="padToken">
    /// Fills the rest: the encoder's <see cref="ITextEncoder.PadToken"/> (49407 for SD 1.x, 0 for SD 2.x).
    /// </param>
    /// <returns>77 ids, ready for a tensor of int64.</returns>
    public long[] Pad(IReadOnlyList<int> ids, int padToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var row = new long[ContextLength];
        var used = Math.Min(ids.Count, ContextLength - 2);
        row[0] = StartToken;
        for (var i = 0; i < used; i++)
        {
            row[i + 1] = ids[i];
        }

        row[used + 1] = EndToken;
        row.AsSpan(used + 2).Fill(padToken);
        return row;
    }

    /// <summary>
    /// Every token's text and the merges, as transformers' files of the tokenizer have them: ids are positions; a merge
    /// is two texts.
    /// </summary>
    internal (IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges) Spelled()
    {
        var tokens = _vocabulary.Spellings().Append(PromptWords.StartText).Append(PromptWords.EndText).ToList();
        return (tokens, [.. _vocabulary.MergedPairs().Select(pair => (tokens[pair.Left], tokens[pair.Right]))]);
    }

    private int[] EncodeWord(string word)
    {
        if (_words.TryGetValue(word, out var known))
        {
            return known;
        }

        var ids = _vocabulary.Encode(word);
        if (word.Length <= LongestRememberedWord && _words.Count < RememberedWords)
        {
            _words.TryAdd(word, ids);
        }

        return ids;
    }
}
