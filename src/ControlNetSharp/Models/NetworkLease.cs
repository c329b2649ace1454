namespace ControlNetSharp.Models;

/// <summary>
/// The right to use a loaded network until the lease is disposed; the network itself belongs to the shelf.
/// </summary>
/// <typeparam name="T">The network.</typeparam>
internal sealed class NetworkLease<T> : IDisposable
    where T : class
{
    private readonly T _value;
    private Action? _giveBack;

    internal NetworkLease(T value, Action giveBack) => (_value, _giveBack) = (value, giveBack);

    /// <summary>A lease of a network that stands on no shelf: giving it back disposes it.</summary>
    internal static NetworkLease<T> Owned<TOwned>(TOwned network)
        where TOwned : T, IDisposable => new(network, network.Dispose);

    /// <summary>The network. Not to be disposed, nor kept longer than the lease.</summary>
    /// <exception cref="ObjectDisposedException">The lease was given back.</exception>
    public T Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _giveBack) is null, this);
            return _value;
        }
    }

    /// <summary>Gives it back; a second time does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
