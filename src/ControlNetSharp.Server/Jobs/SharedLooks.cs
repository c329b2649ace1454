using System.Collections.Concurrent;

namespace ControlNetSharp.Server.Jobs;

/// <summary>Shared looks (<see cref="SharedLook{T}"/>) at many things, each by its name.</summary>
internal sealed class SharedLooks<T>(JobChanges changes, Func<string, Task<T>> look)
{
    private const int MostKept = 1000;

    private readonly ConcurrentDictionary<string, SharedLook<T>> _looks = new(StringComparer.Ordinal);

    /// <inheritdoc cref="SharedLook{T}.GetAsync"/>
    public Task<T> GetAsync(string name, CancellationToken cancellationToken)
    {
        // A look lasts a moment: to forget all of them costs one more query each.
        if (_looks.Count >= MostKept)
        {
            _looks.Clear();
        }

        return _looks.GetOrAdd(name, _ => new(changes, () => look(name))).GetAsync(cancellationToken);
    }
}
