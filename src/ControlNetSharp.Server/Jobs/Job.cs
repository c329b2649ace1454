using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.Jobs;

/// <summary>A job as it stands now.</summary>
public sealed record Job
{
    /// <summary>Its identity: a UUID of version 7, so that identities sort by time.</summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="JobKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Owner { get; init; }

    /// <summary>What lists show.</summary>
    public required string Title { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>Among the owner's own jobs, higher ones come first.</summary>
    public int Priority { get; init; }

    /// <summary>How often a worker began it; also the fence that keeps a lost worker from writing.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether somebody asked for its end; a running job ends before its next step.</summary>
    public bool IsCancelling { get; init; }

    /// <summary>The identity that the caller chose; null for none.</summary>
    public string? Alias { get; init; }

    /// <summary>The group of which only the latest job counts; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>The worker that has or had it.</summary>
    public string? Worker { get; init; }

    /// <summary>When it was handed in.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When a worker first began it.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it was done, had failed or was cancelled.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>How far it is; null while it waits.</summary>
    public JobProgress? Progress { get; init; }

    /// <summary>Why it failed.</summary>
    public JobError? Error { get; init; }

    /// <summary>What may not be as it was meant.</summary>
    public IReadOnlyList<JobWarning> Warnings { get; init; } = [];

    /// <summary>What is known of the result beside its files.</summary>
    public JsonObject? Facts { get; init; }

    /// <summary>Whether it will not change any more.</summary>
    public bool IsOver => State is JobState.Done or JobState.Failed or JobState.Cancelled;
}
