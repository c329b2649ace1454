using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.V1;

/// <summary>A job as callers see it.</summary>
internal sealed record JobView
{
    public required string Id { get; init; }
    public required string Kind { get; init; }
    public required string Title { get; init; }

    /// <summary>queued, running, done, failed or cancelled.</summary>
    public required string State { get; init; }
    public int Priority { get; init; }
    public string? Group { get; init; }

    /// <summary>How many jobs come before it; only while it waits.</summary>
    public int? Ahead { get; init; }

    /// <summary>How often a worker began it.</summary>
    public int Attempt { get; init; }
    public bool IsCancelling { get; init; }
    public string? Worker { get; init; }
    public DateTimeOffset Created { get; init; }
    public DateTimeOffset? Started { get; init; }
    public DateTimeOffset? Finished { get; init; }
    public ProgressView? Progress { get; init; }

    /// <summary>The picture so far (JPEG); only while it runs and there is one.</summary>
    public string? PreviewUrl { get; init; }

    /// <summary>What it made; also where it was cancelled.</summary>
    public IReadOnlyList<FileView>? Files { get; init; }
    public IReadOnlyList<JobWarning>? Warnings { get; init; }
    public JobError? Error { get; init; }

    /// <summary>What else is known of the result: seed, seconds a step …</summary>
    public JsonObject? Facts { get; init; }
}

/// <summary>How far a job is.</summary>
internal sealed record ProgressView
{
    /// <summary>The share that is done, 0 to 1.</summary>
    public double Done { get; init; }
    public int Batch { get; init; }
    public int Batches { get; init; }
    public int Step { get; init; }
    public int Steps { get; init; }
    public double Seconds { get; init; }

    /// <summary>Counts the previews: another number is another picture.</summary>
    public int Preview { get; init; }
    public string? Text { get; init; }

    /// <summary>An estimate; null while too little is done.</summary>
    public double? SecondsLeft { get; init; }
}

/// <summary>A file that a job made.</summary>
internal sealed record FileView
{
    public required string Name { get; init; }

    /// <summary>picture, hint or document.</summary>
    public required string Role { get; init; }
    public required string MediaType { get; init; }
    public long Size { get; init; }
    public required string Sha256 { get; init; }
    public required string Url { get; init; }

    /// <summary>The seed of a picture.</summary>
    public long? Seed { get; init; }
}

/// <summary>A page of jobs, the newest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">What <c>before</c> is for the next page; null on the last one.</param>
internal sealed record JobPage(IReadOnlyList<JobView> Jobs, string? Next);
