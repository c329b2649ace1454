namespace ControlNetSharp.Server.Jobs;

/// <summary>Which jobs a list has; the newest come first.</summary>
public sealed record JobQuery
{
    /// <summary>Whose; null for everybody's.</summary>
    public string? Owner { get; init; }

    /// <summary>Only these states; empty for all.</summary>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Only this kind; null for all.</summary>
    public string? Kind { get; init; }

    /// <summary>Only titles with this text, in any case; null for all.</summary>
    public string? Search { get; init; }

    /// <summary>Only jobs older than this one, for the next page; null for the first page.</summary>
    public string? Before { get; init; }

    /// <summary>How many at most.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>The queue in numbers.</summary>
/// <param name="Queued">Jobs that wait.</param>
/// <param name="Running">Jobs that workers have.</param>
/// <param name="OldestSeconds">How long the oldest of those that wait has waited.</param>
public sealed record QueueFigures(long Queued, long Running, double OldestSeconds);

/// <summary>What handing in came to.</summary>
/// <param name="Job">The job.</param>
/// <param name="IsNew">Whether it was not there before.</param>
public sealed record Submission(Job Job, bool IsNew);
