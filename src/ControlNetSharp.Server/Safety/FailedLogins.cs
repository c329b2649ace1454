using System.Net;

namespace ControlNetSharp.Server.Safety;

/// <summary>
/// Slows guessing of a password: after a few failures in a row, tries for this user from this address are refused for a
/// while without being looked at, twice as long after each further failure.
/// </summary>
internal sealed class FailedLogins(TimeProvider time)
{
    private const int Free = 5;
    private const int MostDoublings = 6;
    private const int MostKnown = 10_000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(15);

    private readonly Dictionary<(IPAddress?, string), (int Count, DateTimeOffset Last)> _failures = [];
    private readonly Lock _lock = new();

    /// <summary>How long tries are still refused; zero where one may be made.</summary>
    public TimeSpan PauseOf(IPAddress? address, string user)
    {
        lock (_lock)
        {
            return _failures.TryGetValue((address, user), out var failed) && failed.Count >= Free
                && failed.Last + FirstPause * (1 << Math.Min(failed.Count - Free, MostDoublings)) - time.GetUtcNow()
                    is { Ticks: > 0 } left
                ? left
                : TimeSpan.Zero;
        }
    }

    /// <summary>A try failed.</summary>
    public void Add(IPAddress? address, string user)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_failures.Count >= MostKnown)
            {
                Forget(now);
            }

            var count = _failures.TryGetValue((address, user), out var failed) ? failed.Count : 0;
            _failures[(address, user)] = (count + 1, now);
        }
    }

    /// <summary>A try succeeded.</summary>
    public void Clear(IPAddress? address, string user)
    {
        lock (_lock)
        {
            _failures.Remove((address, user));
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (var (who, _) in _failures.Where(failed => failed.Value.Last + Memory < now).ToList())
        {
            _failures.Remove(who);
        }

        // Somebody tries names: those tried longest ago make room.
        foreach (var (who, _) in _failures.OrderBy(failed => failed.Value.Last).Take(_failures.Count - MostKnown / 2).ToList())
        {
            _failures.Remove(who);
        }
    }
}
