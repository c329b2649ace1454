using ControlNetSharp.Networks.Layers;
using static TorchSharp.torch;

namespace ControlNetSharp.Models;

/// <summary>
/// Loaded networks that callers share. A network is loaded when it is first asked for, by one caller while others wait
/// for it, and stays until its room is needed: before another is loaded, those without leases that were not used for
/// longest are disposed.
/// </summary>
/// <remarks>
/// All waiting is blocking, for the thread that owns a device. A caller rents each network once, always in the same
/// order, and does not ask for an exclusive lease of what it already holds: it would wait for itself. Shared leases are
/// given while somebody waits for an exclusive one, so that callers who share several networks cannot block each other.
/// </remarks>
internal sealed class NetworkShelf : IDisposable
{
    private readonly object _gate = new();
    private readonly Dictionary<(Type Type, NetworkKey Key), Entry> _entries = [];
    private readonly long? _budget;
    private long _uses;
    private long _hits;
    private long _loads;
    private bool _isDisposed;

    /// <summary>An empty shelf.</summary>
    /// <param name="budget">
    /// Bytes that networks may take together; leased ones stay even if they take more. Null: besides the leased ones
    /// only the last one that was used stays when another is loaded.
    /// </param>
    public NetworkShelf(long? budget = null)
    {
        if (budget is { } bytes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(budget));
        }

        _budget = budget;
    }

    /// <summary>Bytes of all networks on it; of those that are being loaded, of their files.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _entries.Values.Sum(entry => entry.Bytes);
            }
        }
    }

    /// <summary>What it came to so far.</summary>
    public ShelfFigures Figures
    {
        get
        {
            lock (_gate)
            {
                return new ShelfFigures(_hits, _loads, _entries.Values.Sum(entry => entry.Bytes));
            }
        }
    }

    /// <summary>Rents a network together with others who rent it; nobody may change it.</summary>
    /// <typeparam name="T">The network; one key can have networks of several types.</typeparam>
    /// <param name="key">Which one.</param>
    /// <param name="load">Loads it, outside of all locks; it may rent others. If it throws, all is as before.</param>
    /// <param name="size">Its bytes, of parameters and buffers.</param>
    /// <param name="cancellationToken">Ends the waiting; not the loading.</param>
    /// <exception cref="ObjectDisposedException">The shelf was disposed.</exception>
    public NetworkLease<T> Rent<T>(
        NetworkKey key,
        Func<T> load,
        Func<T, long> size,
        CancellationToken cancellationToken = default
    )
        where T : class, IDisposable => Rent(key, load, size, isExclusive: false, cancellationToken);

    /// <summary>
    /// Rents a network alone, to change it for a while: waits until all others have given it back, and makes others
    /// wait.
    /// </summary>
    /// <remarks>Whoever changes a network changes it back before giving it back.</remarks>
    /// <inheritdoc cref="Rent{T}(NetworkKey, Func{T}, Func{T, long}, CancellationToken)"/>
    public NetworkLease<T> RentExclusive<T>(
        NetworkKey key,
        Func<T> load,
        Func<T, long> size,
        CancellationToken cancellationToken = default
    )
        where T : class, IDisposable => Rent(key, load, size, isExclusive: true, cancellationToken);

    /// <summary>
    /// Disposes the networks without leases now, the others when they are given back. Who waits is refused.
    /// </summary>
    public void Dispose()
    {
        List<IDisposable> idle;
        lock (_gate)
        {
            _isDisposed = true;
            idle = [.. Idle().ToList().Select(Remove)];
            Monitor.PulseAll(_gate);
        }

        DisposeAll(idle);
    }

    /// <summary>The bytes of a network's parameters, buffers and weights in 8 bits.</summary>
    internal static long BytesOf(nn.Module network) =>
        network.parameters().Concat(network.buffers()).Sum(tensor => tensor.NumberOfElements * tensor.ElementSize)
        + network.modules().OfType<IInt8Layer>().Sum(layer => layer.Int8?.Bytes ?? 0);

    private NetworkLease<T> Rent<T>(
        NetworkKey key,
        Func<T> load,
        Func<T, long> size,
        bool isExclusive,
        CancellationToken cancellationToken
    )
        where T : class, IDisposable
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(size);
        Entry entry;
        List<IDisposable> evicted;
        // Registered and disposed outside of the lock, which the callback takes.
        using var waking = cancellationToken.Register(WakeAll);
        lock (_gate)
        {
            for (; ; Monitor.Wait(_gate))
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                cancellationToken.ThrowIfCancellationRequested();
                if (!_entries.TryGetValue((typeof(T), key), out var known))
                {
                    break;
                }

                if (known.Network is not null && !known.IsExclusive && (known.Leases == 0 || !isExclusive))
                {
                    known.Leases++;
                    known.IsExclusive = isExclusive;
                    _hits++;
                    return Lease<T>(known);
                }
            }

            entry = new Entry((typeof(T), key))
            {
                Bytes = key.Bytes,
                Leases = 1,
                IsExclusive = isExclusive,
            };
            _entries.Add(entry.Id, entry);
            _loads++;
            evicted = MakeRoom();
        }

        return Load(
            entry,
            () =>
            {
                DisposeAll(evicted);
                return load();
            },
            size
        );
    }

    /// <summary>Loads the network of an entry, for which others may already be waiting.</summary>
    private NetworkLease<T> Load<T>(Entry entry, Func<T> load, Func<T, long> size)
        where T : class, IDisposable
    {
        T? network = null;
        try
        {
            network = load();
            var bytes = size(network);
            List<IDisposable> evicted;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                (entry.Network, entry.Bytes) = (network, bytes);
                // In memory it may be larger than its file.
                evicted = MakeRoom();
                Monitor.PulseAll(_gate);
            }

            DisposeAll(evicted);
            return Lease<T>(entry);
        }
        catch
        {
            lock (_gate)
            {
                _entries.Remove(entry.Id);
                Monitor.PulseAll(_gate);
            }

            network?.Dispose();
            throw;
        }
    }

    private NetworkLease<T> Lease<T>(Entry entry)
        where T : class => new((T)entry.Network!, () => GiveBack(entry));

    private void GiveBack(Entry entry)
    {
        IDisposable? last = null;
        lock (_gate)
        {
            (entry.Leases, entry.IsExclusive, entry.LastUse) = (entry.Leases - 1, false, ++_uses);
            if (_isDisposed && entry.Leases == 0)
            {
                last = Remove(entry);
            }

            Monitor.PulseAll(_gate);
        }

        last?.Dispose();
    }

    /// <summary>
    /// Takes networks off the shelf until the others fit; the caller disposes them outside of the lock.
    /// </summary>
    private List<IDisposable> MakeRoom()
    {
        var idle = Idle().OrderBy(entry => entry.LastUse).ToList();
        if (_budget is not { } budget)
        {
            return [.. idle.SkipLast(1).Select(Remove)];
        }

        var excess = _entries.Values.Sum(entry => entry.Bytes) - budget;
        var evicted = new List<IDisposable>();
        foreach (var entry in idle.TakeWhile(_ => excess > 0))
        {
            excess -= entry.Bytes;
            evicted.Add(Remove(entry));
        }

        return evicted;
    }

    /// <summary>Entries without leases; one that is being loaded has the lease of who loads it.</summary>
    private IEnumerable<Entry> Idle() => _entries.Values.Where(entry => entry.Leases == 0);

    private IDisposable Remove(Entry entry)
    {
        _entries.Remove(entry.Id);
        return entry.Network!;
    }

    private void WakeAll()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private static void DisposeAll(List<IDisposable> networks) => networks.ForEach(network => network.Dispose());

    private sealed class Entry((Type Type, NetworkKey Key) id)
    {
        public (Type Type, NetworkKey Key) Id { get; } = id;

        /// <summary>Null while it is being loaded.</summary>
        public IDisposable? Network { get; set; }

        public long Bytes { get; set; }

        public int Leases { get; set; }

        public bool IsExclusive { get; set; }

        public long LastUse { get; set; }
    }
}
