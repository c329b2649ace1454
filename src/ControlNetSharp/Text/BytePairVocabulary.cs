using System.IO.Compression;
using System.Text;

namespace ControlNetSharp.Text;

/// <summary>
/// CLIP's byte pairs: 256 bytes, the same 256 at the end of a word, then one id for each merge in the order in which
/// they were learnt, then the start and the end token.
/// An id is therefore also the rank of its merge. Source: CLIP clip/simple_tokenizer.py; Sennrich et al. 2016,
/// arXiv:1508.07909.
/// </summary>
internal sealed class BytePairVocabulary
{
    private const string Resource = "bpe_simple_vocab_16e6.txt.gz";
    private const string EndOfWord = "</w>";
    private const int Bytes = 256;

    // The file holds more merges than CLIP uses.
    private const int Merges = 49152 - 256 - 2;

    private readonly Dictionary<(int Left, int Right), int> _merges;
    private readonly int[] _idOfByte = new int[Bytes];
    private readonly List<(byte[] Bytes, bool EndsWord)> _pieces = [];

    private BytePairVocabulary(IEnumerable<string> merges)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var ending in new[] { "", EndOfWord })
        {
            foreach (var (value, character) in ByteCharacters())
            {
                _idOfByte[value] = ids.Count % Bytes;
                ids.Add(character + ending, ids.Count);
                _pieces.Add(([value], ending.Length > 0));
            }
        }

        _merges = new Dictionary<(int Left, int Right), int>(Merges);
        foreach (var merge in merges)
        {
            var space = merge.IndexOf(' ');
            var (left, right) = (merge[..space], merge[(space + 1)..]);
            var (leftId, rightId) = (ids[left], ids[right]);
            _merges.Add((leftId, rightId), ids.Count);
            ids.Add(left + right, ids.Count);
            _pieces.Add(([.. _pieces[leftId].Bytes, .. _pieces[rightId].Bytes], _pieces[rightId].EndsWord));
        }
    }

    /// <summary>Ids without the start and the end token, which follow: 49406.</summary>
    public int Count => _pieces.Count;

    /// <summary>Reads the vocabulary that is embedded in the library.</summary>
    public static BytePairVocabulary Load()
    {
        using var resource =
            typeof(BytePairVocabulary).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The library was built without its resource {Resource}.");
        using var reader = new StreamReader(new GZipStream(resource, CompressionMode.Decompress), Encoding.UTF8);
        reader.ReadLine(); // the version
        return new BytePairVocabulary(
            Enumerable
                .Range(0, Merges)
                .Select(_ =>
                    reader.ReadLine() ?? throw new InvalidOperationException($"The resource {Resource} is cut off.")
                )
        );
    }

    /// <summary>The ids of one word: its bytes, joined pair by pair, the earliest learnt merge first.</summary>
    public int[] Encode(string word)
    {
        var bytes = Encoding.UTF8.GetBytes(word);
        var ids = bytes.Select(value => _idOfByte[value]).ToArray();
        ids[^1] += Bytes;
        var length = ids.Length;
        while (BestPair(ids.AsSpan(0, length)) is { } best)
        {
            length = Join(ids.AsSpan(0, length), best.Left, best.Right, best.Merged);
        }

        return ids[..length];
    }

    /// <summary>The UTF-8 bytes that an id stands for, and whether a word ends with it.</summary>
    public (byte[] Bytes, bool EndsWord) this[int id] => _pieces[id];

    /// <summary>The pieces as the vocabulary file writes them, in the order of their ids.</summary>
    public IEnumerable<string> Spellings()
    {
        var characters = ByteCharacters().ToDictionary(entry => entry.Value, entry => entry.Character);
        return _pieces.Select(piece =>
            string.Concat(piece.Bytes.Select(value => characters[value])) + (piece.EndsWord ? EndOfWord : "")
        );
    }

    /// <summary>The pairs of ids that are merged, in the order in which they were learnt.</summary>
    public IEnumerable<(int Left, int Right)> MergedPairs() =>
        _merges.OrderBy(merge => merge.Value).Select(merge => merge.Key);

    private (int Left, int Right, int Merged)? BestPair(ReadOnlySpan<int> ids)
    {
        (int Left, int Right, int Merged)? best = null;
        for (var i = 0; i + 1 < ids.Length; i++)
        {
            if (
                _merges.TryGetValue((ids[i], ids[i + 1]), out var merged)
                && (best is null || merged < best.Value.Merged)
            )
            {
                best = (ids[i], ids[i + 1], merged);
            }
        }

        return best;
    }

    private static int Join(Span<int> ids, int left, int right, int merged)
    {
        var length = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            var found = i + 1 < ids.Length && ids[i] == left && ids[i + 1] == right;
            ids[length++] = found ? merged : ids[i];
            i += found ? 1 : 0;
        }

        return length;
    }

    // The file writes bytes as characters: printable ones as themselves and first, the others, which would not survive
    // in a text file, as U+0100 and on.
    private static IEnumerable<(byte Value, string Character)> ByteCharacters()
    {
        static bool Printable(int value) =>
            value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        var all = Enumerable.Range(0, Bytes).ToArray();
        var printable = all.Where(Printable).Select(value => ((byte)value, ((char)value).ToString()));
        var others = all.Where(value => !Printable(value))
            .Select((value, index) => ((byte)value, ((char)(0x100 + index)).ToString()));
        return printable.Concat(others);
    }
}
