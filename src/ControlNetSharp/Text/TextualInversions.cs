using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>
/// Names that stand for vectors of their own where a prompt has them (textual inversion). A name is met where a prompt
/// has its tokens, so case and spaces do not count; of several the longest counts.
/// Vectors are read when their name is met for the first time. Source: Gal et al. 2022, arXiv:2208.01618;
/// stable-diffusion-webui, modules/textual_inversion (behaviour).
/// </summary>
internal sealed class TextualInversions : IDisposable
{
    private readonly ILookup<int, (int[] Tokens, string Name)> _names;
    private readonly Func<string, IReadOnlyList<Tensor>> _read;
    private readonly Dictionary<string, int[]> _ids = new(StringComparer.Ordinal);
    private readonly List<IReadOnlyList<Tensor>> _vectors = [];
    private int _rows;

    /// <summary>Creates them; none is read yet.</summary>
    /// <param name="names">The names.</param>
    /// <param name="read">
    /// Reads the vectors of a name: for each text encoder a tensor [n, Width] on its device, with the same n from 1 to
    /// 75. They are owned by this from then on.
    /// </param>
    public TextualInversions(IEnumerable<string> names, Func<string, IReadOnlyList<Tensor>> read)
    {
        ArgumentNullException.ThrowIfNull(names);
        _names = names
            .Select(name => (Tokens: ClipTokenizer.Default.Encode(name).ToArray(), Name: name))
            .Where(name => name.Tokens.Length > 0)
            .OrderByDescending(name => name.Tokens.Length)
            .ThenBy(name => name.Name, StringComparer.Ordinal)
            .ToLookup(name => name.Tokens[0]);
        _read = read;
    }

    /// <summary>No names.</summary>
    public static TextualInversions None { get; } = new([], name => throw new InvalidOperationException(name));

    /// <summary>The names that a prompt has, each once, in their order; none is read.</summary>
    /// <param name="pieces">The prompt.</param>
    public IReadOnlyList<string> NamesIn(IEnumerable<WeightedText> pieces)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        var found = new List<string>();
        foreach (var tokens in pieces.Select(piece => ClipTokenizer.Default.Encode(piece.Text)))
        {
            for (var at = 0; at < tokens.Count; )
            {
                var (length, name) = Find(tokens, at);
                found.AddRange(name is null ? [] : [name]);
                at += length;
            }
        }

        return [.. found.Distinct(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _vectors.SelectMany(vectors => vectors))
        {
            tensor.Dispose();
        }

        _vectors.Clear();
    }

    /// <summary>
    /// What stands at a place in a row of tokens: how many tokens it takes there, and its ids. An id below 0 is a row
    /// of <see cref="Vectors"/>: −1 the first.
    /// </summary>
    internal (int Length, IReadOnlyList<int> Ids) At(IReadOnlyList<int> tokens, int index)
    {
        var (length, name) = Find(tokens, index);
        if (name is null)
        {
            return (1, [tokens[index]]);
        }

        if (!_ids.TryGetValue(name, out var ids))
        {
            var vectors = _read(name);
            _vectors.Add([.. vectors.Select(tensor => tensor.DetachFromDisposeScope())]);
            ids = [.. Enumerable.Range(_rows, (int)vectors[0].shape[0]).Select(row => -1 - row)];
            _rows += ids.Length;
            _ids.Add(name, ids);
        }

        return (length, ids);
    }

    /// <summary>
    /// The rows for a text encoder, [n, Width], of all names that were met; null while there are none. Fresh.
    /// </summary>
    /// <param name="encoder">Which one, from 0.</param>
    internal Tensor? Vectors(int encoder) =>
        _vectors.Count == 0 ? null : cat([.. _vectors.Select(vectors => vectors[encoder])], 0);

    private (int Length, string? Name) Find(IReadOnlyList<int> tokens, int index)
    {
        var found = _names[tokens[index]]
            .FirstOrDefault(name =>
                name.Tokens.Length <= tokens.Count - index
                && name.Tokens.Index().All(token => tokens[index + token.Index] == token.Item)
            );
        return found.Name is null ? (1, null) : (found.Tokens.Length, found.Name);
    }
}
