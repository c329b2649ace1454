namespace ControlNetSharp.Runtime;

/// <summary>
/// A table of the library to which a program can add rows of its own, for the whole process. Read by any thread at any
/// time.
/// </summary>
/// <param name="rows">The library's own rows.</param>
/// <param name="names">All names of a row; no two rows share one, whatever the case.</param>
internal sealed class OpenTable<T>(IReadOnlyList<T> rows, Func<T, IEnumerable<string>> names)
    where T : class
{
    private readonly Lock _changing = new();
    private volatile IReadOnlyList<T> _rows = rows;

    /// <summary>The library's rows, then those that were added, in that order.</summary>
    public IReadOnlyList<T> Rows => _rows;

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    /// <returns>Takes it out again when it is disposed.</returns>
    /// <exception cref="ArgumentException">It has no name, an empty one, or one that another row has.</exception>
    public IDisposable Add(T row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var added = names(row).ToList();
        if (added.Count == 0 || added.Exists(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("Each name must have at least one letter or digit.", nameof(row));
        }

        lock (_changing)
        {
            var taken = _rows.SelectMany(names).Intersect(added, StringComparer.OrdinalIgnoreCase).FirstOrDefault();
            if (taken is not null)
            {
                throw new ArgumentException($"There is a row with the name '{taken}' already.", nameof(row));
            }

            _rows = [.. _rows, row];
        }

        return new Addition(this, row);
    }

    private void Remove(T row)
    {
        lock (_changing)
        {
            _rows = [.. _rows.Where(other => !ReferenceEquals(other, row))];
        }
    }

    private sealed class Addition(OpenTable<T> table, T row) : IDisposable
    {
        public void Dispose() => table.Remove(row);
    }
}
