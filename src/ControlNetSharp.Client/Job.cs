using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ControlNetSharp.Client;

/// <summary>A job as it stood when it was asked for.</summary>
public sealed record Job
{
    /// <summary>Its identity.</summary>
    public required string Id { get; init; }

    /// <summary>generation, annotation …</summary>
    public required string Kind { get; init; }

    /// <summary>What lists show.</summary>
    public required string Title { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>Among the caller's own jobs, higher ones come first.</summary>
    public int Priority { get; init; }

    /// <summary>The group of which only the latest job counts.</summary>
    public string? Group { get; init; }

    /// <summary>How many jobs come before it; only while it waits.</summary>
    public int? Ahead { get; init; }

    /// <summary>How often a worker began it.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether somebody asked for its end.</summary>
    public bool IsCancelling { get; init; }

    /// <summary>The worker that has or had it.</summary>
    public string? Worker { get; init; }

    /// <summary>When it was handed in.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When a worker first began it.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>How far it is; null while it waits.</summary>
    public JobProgress? Progress { get; init; }

    /// <summary>The picture so far; only while it runs and there is one.</summary>
    public string? PreviewUrl { get; init; }

    /// <summary>What it made; null for nothing yet.</summary>
    public IReadOnlyList<JobFile>? Files { get; init; }

    /// <summary>What may not be as it was meant.</summary>
    public IReadOnlyList<JobWarning>? Warnings { get; init; }

    /// <summary>Why it failed.</summary>
    public JobError? Error { get; init; }

    /// <summary>What else is known of the result: seed, seconds a step …</summary>
    public JsonObject? Facts { get; init; }

    /// <summary>Whether it will not change any more.</summary>
    [JsonIgnore]
    public bool IsOver => State is JobState.Done or JobState.Failed or JobState.Cancelled;

    /// <summary>The pictures that it made, in the order of their seeds.</summary>
    [JsonIgnore]
    public IEnumerable<JobFile> Pictures => (Files ?? []).Where(file => file.Role == "picture");
}

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>It waits for a worker.</summary>
    Queued,

    /// <summary>A worker has it.</summary>
    Running,

    /// <summary>Finished, with its files.</summary>
    Done,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,
}

/// <summary>How far a job is.</summary>
public sealed record JobProgress
{
    /// <summary>The share that is done, 0 to 1.</summary>
    public double Done { get; init; }

    /// <summary>Which batch, from 0.</summary>
    public int Batch { get; init; }

    /// <summary>How many there are.</summary>
    public int Batches { get; init; }

    /// <summary>Steps done in this batch.</summary>
    public int Step { get; init; }

    /// <summary>Steps of a batch.</summary>
    public int Steps { get; init; }

    /// <summary>Seconds since the batch began.</summary>
    public double Seconds { get; init; }

    /// <summary>Counts the previews: another number is another picture.</summary>
    public int Preview { get; init; }

    /// <summary>What is being done, where the numbers do not say it.</summary>
    public string? Text { get; init; }

    /// <summary>An estimate; null while too little is done.</summary>
    public double? SecondsLeft { get; init; }
}

/// <summary>A file that a job made.</summary>
/// <param name="Name">Unique in the job.</param>
/// <param name="Role">picture, hint or document.</param>
/// <param name="MediaType">Such as image/png.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of its bytes; other requests can name it by this.</param>
/// <param name="Url">Where it is.</param>
/// <param name="Seed">The seed of a picture.</param>
public sealed record JobFile(
    string Name,
    string Role,
    string MediaType,
    long Size,
    string Sha256,
    string Url,
    long? Seed = null
);

/// <summary>Something that was carried out and may still not be what was meant.</summary>
/// <param name="Member">The member that it is about.</param>
/// <param name="Value">Its value.</param>
/// <param name="Text">A sentence.</param>
public sealed record JobWarning(string Member, string? Value, string Text);

/// <summary>Why a job failed.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Member">The member of the request that is at fault.</param>
public sealed record JobError(string Code, string Message, string? Member = null);

/// <summary>A page of jobs, the newest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">What <see cref="JobQuery.Before"/> is for the next page; null on the last one.</param>
public sealed record JobPage(IReadOnlyList<Job> Jobs, string? Next = null);

/// <summary>Which jobs a list has.</summary>
public sealed record JobQuery
{
    /// <summary>Only these states; empty for all.</summary>
    public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Only this kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Only titles with this text, in any case.</summary>
    public string? Search { get; init; }

    /// <summary>Only jobs older than this one.</summary>
    public string? Before { get; init; }

    /// <summary>How many at most.</summary>
    public int? Limit { get; init; }
}

/// <summary>What goes with a job beside its request.</summary>
public sealed record JobTerms
{
    /// <summary>A second call with the same key and request gives the first one's job.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Among the caller's own jobs, higher ones come first.</summary>
    public int? Priority { get; init; }

    /// <summary>Unfinished jobs of the caller with the same group are cancelled, as a live drawing wants it.</summary>
    public string? Group { get; init; }
}
