using System.Diagnostics;

namespace ControlNetSharp.Server.Jobs;

/// <summary>
/// A look into the database that callers share for a moment: hundreds of clients that ask at once are one query. A
/// change that this program makes is seen at once, one of another program a moment later.
/// </summary>
internal sealed class SharedLook<T>(JobChanges changes, Func<Task<T>> look)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private Task<T>? _last;
    private long _taken;
    private long _change;

    /// <summary>What the last look saw, or a new one.</summary>
    /// <param name="cancellationToken">Ends waiting; not the look, which others wait for, too.</param>
    public Task<T> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (
                _last is not { IsFaulted: false, IsCanceled: false }
                || _change != changes.Count
                || Stopwatch.GetElapsedTime(_taken) > Moment
            )
            {
                (_change, _taken) = (changes.Count, Stopwatch.GetTimestamp());
                _last = look();
            }

            return _last.WaitAsync(cancellationToken);
        }
    }
}
