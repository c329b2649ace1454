using System.Collections.Concurrent;

namespace ControlNetSharp.Server.Jobs;

/// <summary>Wakes those who wait for a job. A hint only: who is woken looks into the store.</summary>
internal sealed class JobChanges
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new(StringComparer.Ordinal);

    /// <summary>The name that stands for any new job in the queue.</summary>
    public const string Queue = "";

    /// <summary>The name that stands for whichever job.</summary>
    public const string Any = "*";

    /// <summary>A job changed, or with <see cref="Queue"/>, there is work.</summary>
    public void Raise(string job)
    {
        Wake(job);
        Wake(Any);
    }

    /// <summary>
    /// The next change. To be asked for before the store is looked into, so that no change falls between.
    /// </summary>
    public Task Next(string job) =>
        _waiting.GetOrAdd(job, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Waits for a change, at most for a while.</summary>
    public static async Task WaitAsync(Task next, TimeSpan longest, CancellationToken cancellationToken)
    {
        try
        {
            await next.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller looks for itself.
        }
    }

    private void Wake(string job)
    {
        if (_waiting.TryRemove(job, out var waiting))
        {
            waiting.TrySetResult();
        }
    }
}
