namespace ControlNetSharp.Server.Jobs;

/// <summary>The bounds of a <see cref="JobStore"/>. The same for all programs that share one.</summary>
public sealed record JobStoreOptions
{
    /// <summary>How many jobs may wait; more are refused.</summary>
    public int QueueBound { get; init; } = 200;

    /// <summary>How long a worker may be silent before its job is given to another.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a job is begun before it counts as failed.</summary>
    public int MostTries { get; init; } = 3;

    /// <summary>How long a worker that was not heard of counts as being there.</summary>
    public TimeSpan WorkerSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A folder for pictures, shared by all programs; null to keep them in the database.</summary>
    public string? ResultsFolder { get; init; }

    /// <summary>How long finished jobs are kept; null for ever.</summary>
    public TimeSpan? RetentionAge { get; init; }

    /// <summary>Bytes of pictures above which the oldest finished jobs go; null for no bound.</summary>
    public long? RetentionBytes { get; init; }

    /// <summary>How long an upload stays that no job uses.</summary>
    public TimeSpan UploadAge { get; init; } = TimeSpan.FromDays(1);
}
