using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.Jobs;

/// <summary>A row of the table <c>jobs</c>, as Dapper fills it.</summary>
internal sealed class JobRow
{
    public const string Columns =
        "id, kind, owner, title, state, priority, alias, live_group as livegroup, created, started, finished, attempt, "
        + "worker, digest, cancelling, progress, error, warnings, facts";

    public string Id { get; set; } = "";
    public string Kind { get; set; } = "";
    public string Owner { get; set; } = "";
    public string Title { get; set; } = "";
    public string Digest { get; set; } = "";
    public string State { get; set; } = "";
    public long Priority { get; set; }
    public string? Alias { get; set; }
    public string? LiveGroup { get; set; }
    public long Created { get; set; }
    public long? Started { get; set; }
    public long? Finished { get; set; }
    public long Attempt { get; set; }
    public string? Worker { get; set; }
    public long Cancelling { get; set; }
    public string? Progress { get; set; }
    public string? Error { get; set; }
    public string? Warnings { get; set; }
    public string? Facts { get; set; }

    public Job ToJob() =>
        new()
        {
            Id = Id,
            Kind = Kind,
            Owner = Owner,
            Title = Title,
            State = Enum.Parse<JobState>(State, ignoreCase: true),
            Priority = (int)Priority,
            Attempt = (int)Attempt,
            IsCancelling = Cancelling != 0,
            Alias = Alias,
            Group = LiveGroup,
            Worker = Worker,
            Created = DateTimeOffset.FromUnixTimeMilliseconds(Created),
            Started = Time(Started),
            Finished = Time(Finished),
            Progress = Read<JobProgress>(Progress),
            Error = Read<JobError>(Error),
            Warnings = Read<JobWarning[]>(Warnings) ?? [],
            Facts = Facts is null ? null : JsonNode.Parse(Facts)!.AsObject(),
        };

    public static string Word(JobState state) => state.ToString().ToLowerInvariant();

    public static string Text<T>(T value) => JsonSerializer.Serialize(value, JsonSerializerOptions.Web);

    private static T? Read<T>(string? json)
        where T : class => json is null ? null : JsonSerializer.Deserialize<T>(json, JsonSerializerOptions.Web);

    private static DateTimeOffset? Time(long? milliseconds) =>
        milliseconds is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;
}
