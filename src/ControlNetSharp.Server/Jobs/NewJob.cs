namespace ControlNetSharp.Server.Jobs;

/// <summary>A job as it is handed in.</summary>
public sealed record NewJob
{
    /// <summary>One of <see cref="JobKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose it is: fairness, lists and cancelling go by this.</summary>
    public required string Owner { get; init; }

    /// <summary>JSON in UTF-8. Its pictures are uploads named by SHA-256.</summary>
    public required byte[] Payload { get; init; }

    /// <summary>What lists show, such as the prompt.</summary>
    public string Title { get; init; } = "";

    /// <summary>Names that a worker must have (<see cref="Work.WorkerNames"/>); empty for any worker.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>SHA-256 of the uploads that the payload names: they are kept as long as the job.</summary>
    public IReadOnlyList<string> Uploads { get; init; } = [];

    /// <summary>Among the owner's own jobs, higher ones come first; default 0.</summary>
    public int Priority { get; init; }

    /// <summary>A second job of the owner with the same key is the first one; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Unfinished jobs of the owner with the same group are cancelled for this one, as a live drawing wants it; null
    /// for
    /// none.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>An identity that the caller chose, such as the task of another API; null for none.</summary>
    public string? Alias { get; init; }
}
