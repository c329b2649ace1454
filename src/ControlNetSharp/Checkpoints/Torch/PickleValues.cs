namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// A container in a pickle. It knows how deep and how large it is with everything that it refers to, so that bombs are
/// found without walking through them.
/// </summary>
internal abstract class PickleNode
{
    private const int DeepestNesting = 1000;
    private const long MostValues = 1 << 26;
    private int _depth = 1;
    private long _values = 1;

    /// <summary>
    /// The first global in it, at whatever depth, that is not one of those that are understood; null where there is
    /// none.
    /// </summary>
    public string? Foreign { get; private set; }

    /// <summary>Counts a value that becomes part of this one.</summary>
    /// <exception cref="FormatException">
    /// The nesting is too deep, or values contained in each other over and over unfold to too many.
    /// </exception>
    protected void Count(object? value)
    {
        var (depth, values, foreign) = value switch
        {
            PickleNode node => (node._depth, node._values, node.Foreign),
            ForeignGlobal global => (0, 1, global.Name),
            _ => (0, 1L, null),
        };
        (_depth, _values, Foreign) = (Math.Max(_depth, depth + 1), _values + values, Foreign ?? foreign);
        if (_depth > DeepestNesting || _values > MostValues || ReferenceEquals(value, this))
        {
            throw new FormatException(
                ReferenceEquals(value, this)
                    ? "a container contains itself"
                    : $"containers are nested deeper than {DeepestNesting} or unfold to more than {MostValues} values"
            );
        }
    }
}

/// <summary>A list, tuple or set.</summary>
internal sealed class PickleSequence : PickleNode
{
    private readonly List<object?> _items;

    public PickleSequence(params ReadOnlySpan<object?> items)
    {
        _items = new List<object?>(items.Length);
        foreach (var item in items)
        {
            Add(item);
        }
    }

    public IReadOnlyList<object?> Items => _items;

    public void Add(object? item)
    {
        Count(item);
        _items.Add(item);
    }
}

/// <summary>
/// A dictionary. Only what has a text for a key is kept; nothing here is looked up by other keys. Numbers whose
/// values are rows of parts, as in hypernetworks, are kept without those.
/// </summary>
internal sealed class PickleDictionary : PickleNode
{
    private static readonly Dictionary<string, object?> Nothing = [];
    private List<long>? _numberedRows;
    private Dictionary<string, object?>? _entries;

    public IReadOnlyDictionary<string, object?> Entries => _entries ?? Nothing;

    /// <summary>The numbers for keys whose values are lists of dictionaries.</summary>
    public IReadOnlyList<long> NumberedRows => _numberedRows ?? [];

    public void Set(object? key, object? value)
    {
        Count(key);
        Count(value);
        if (key is string name)
        {
            _entries ??= new Dictionary<string, object?>(StringComparer.Ordinal);
            _entries[name] = value;
        }
        else if (key is long number && value is PickleSequence { Items: [PickleDictionary, ..] })
        {
            (_numberedRows ??= []).Add(number);
        }
    }
}

/// <summary>Something whose contents do not matter here and that nothing was made of.</summary>
internal sealed class OpaqueValue
{
    private OpaqueValue() { }

    public static OpaqueValue Instance { get; } = new();
}

/// <summary>The numbers that one or several tensors are views of.</summary>
/// <param name="Dtype">Element type in the words of safetensors; null for bytes whose tensor says the type.</param>
/// <param name="Length">Bytes.</param>
internal sealed record TorchStorage(string? Dtype, long Length)
{
    /// <summary>Where the bytes are; a legacy file says it only after the pickle.</summary>
    public StoredBytes? Bytes { get; set; }

    /// <summary>Its first byte in there.</summary>
    public long Begin { get; init; }

    /// <summary>The storage that this one is a part of, in files of old versions.</summary>
    public TorchStorage? Whole { get; init; }
}

/// <summary>A tensor: a view of a storage, checked to lie inside it.</summary>
internal sealed record TorchTensor(TorchStorage Storage, string Dtype, long Offset, long[] Shape, long[] Strides);
