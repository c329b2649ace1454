namespace ControlNetSharp.Pictures;

/// <summary>
/// Names as people count them: <c>frame2</c> before <c>frame10</c>, whatever the case of letters. The same on every
/// system.
/// </summary>
internal sealed class NaturalOrder : IComparer<string?>
{
    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (x ?? "", y ?? "");
        for (int i = 0, j = 0; i < a.Length && j < b.Length; )
        {
            var one = Part(a, i);
            var other = Part(b, j);
            var order =
                char.IsAsciiDigit(one[0]) && char.IsAsciiDigit(other[0])
                    ? ByNumber(one, other)
                    : one.CompareTo(other, StringComparison.OrdinalIgnoreCase);
            if (order != 0)
            {
                return order;
            }

            (i, j) = (i + one.Length, j + other.Length);
        }

        // Names that differ only in what does not count, such as 1 and 01, or one that the other begins with.
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b);
    }

    /// <summary>A number, or one other character: all digits from a place on, else what stands there.</summary>
    private static ReadOnlySpan<char> Part(string name, int from)
    {
        var end = from + 1;
        while (char.IsAsciiDigit(name[from]) && end < name.Length && char.IsAsciiDigit(name[end]))
        {
            end++;
        }

        return name.AsSpan(from, end - from);
    }

    /// <summary>Of any length: without zeros in front the longer one is the larger.</summary>
    private static int ByNumber(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        var a = one.TrimStart('0');
        var b = other.TrimStart('0');
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);
    }
}
