namespace ControlNetSharp.Server.Jobs;

/// <summary>No more jobs are taken for now.</summary>
/// <param name="bound">How many may wait.</param>
/// <param name="retryAfter">When to try again.</param>
public sealed class QueueFullException(int bound, TimeSpan retryAfter)
    : Exception($"The queue is full: {bound} jobs wait already. Try again in {retryAfter.TotalSeconds:0} s.")
{
    /// <summary>When to try again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>No worker that is there has what a job needs.</summary>
/// <param name="missing">The names that none has together with the others.</param>
public sealed class NoWorkerException(IReadOnlyList<string> missing)
    : Exception($"No worker has {string.Join(", ", missing)}.")
{
    /// <summary>The names that are missing.</summary>
    public IReadOnlyList<string> Missing { get; } = missing;
}

/// <summary>A key was used before, for another job.</summary>
/// <param name="key">The key.</param>
public sealed class IdempotencyException(string key)
    : Exception($"The idempotency key \"{key}\" was used for another request.")
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;
}
