using System.Text.Json.Nodes;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.V1;

/// <summary>Makes the views of jobs: with their files, their place in the queue, and where all of that is.</summary>
internal sealed class JobViews(JobStore store)
{
    private const double LeastForEstimate = 0.02;

    public async Task<JobView> OfAsync(Job job, CancellationToken cancellationToken) =>
        (await OfAsync([job], cancellationToken).ConfigureAwait(false))[0];

    public async Task<IReadOnlyList<JobView>> OfAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        var over = jobs.Where(job => job.IsOver).Select(job => job.Id).ToList();
        var files = over.Count == 0 ? null : await store.FilesAsync(over, cancellationToken).ConfigureAwait(false);
        var ahead = jobs.Any(job => job.State == JobState.Queued)
            ? await store.AheadAsync(cancellationToken).ConfigureAwait(false)
            : null;
        return
        [
            .. jobs.Select(job =>
                Of(
                    job,
                    [.. files?[job.Id] ?? []],
                    ahead is not null && ahead.TryGetValue(job.Id, out var place) ? place : null
                )
            ),
        ];
    }

    /// <summary>Where a job is found.</summary>
    public static string UrlOf(string job) => $"{V1Parts.Root}/jobs/{job}";

    private static JobView Of(Job job, IReadOnlyList<JobFile> files, int? ahead) =>
        new()
        {
            Id = job.Id,
            Kind = job.Kind,
            Title = job.Title,
            State = JobRow.Word(job.State),
            Priority = job.Priority,
            Group = job.Group,
            Ahead = job.State == JobState.Queued ? ahead : null,
            Attempt = job.Attempt,
            IsCancelling = job.IsCancelling,
            Worker = job.Worker,
            Created = job.Created,
            Started = job.Started,
            Finished = job.Finished,
            Progress = job.Progress is { } progress ? Of(progress, job.State == JobState.Running) : null,
            PreviewUrl = job is { State: JobState.Running, Progress.Preview: > 0 and var preview }
                ? $"{UrlOf(job.Id)}/preview?n={preview}"
                : null,
            Files = files.Count == 0 ? null : Of(job, files),
            Warnings = job.Warnings.Count == 0 ? null : job.Warnings,
            Error = job.Error,
            Facts = job.Facts ?? job.Progress?.Facts,
        };

    private static ProgressView Of(JobProgress progress, bool isRunning) =>
        new()
        {
            Done = progress.Done,
            Batch = progress.Batch,
            Batches = progress.Batches,
            Step = progress.Step,
            Steps = progress.Steps,
            Seconds = progress.Seconds,
            Preview = progress.Preview,
            Text = progress.Text,
            SecondsLeft =
                isRunning && progress.Done >= LeastForEstimate
                    ? progress.Seconds * (1 - progress.Done) / progress.Done
                    : null,
        };

    private static IReadOnlyList<FileView> Of(Job job, IReadOnlyList<JobFile> files)
    {
        // Pictures stand first, in the order of their seeds.
        var seeds = job.Facts?["seeds"] as JsonArray;
        return
        [
            .. files
                .Index()
                .Select(file => new FileView
                {
                    Name = file.Item.Name,
                    Role = file.Item.Role,
                    MediaType = file.Item.MediaType,
                    Size = file.Item.Size,
                    Sha256 = file.Item.Sha256,
                    Url = $"{UrlOf(job.Id)}/files/{file.Item.Name}",
                    Seed =
                        file.Item.Role == JobFileRole.Picture && file.Index < seeds?.Count
                            ? seeds[file.Index]!.GetValue<long>()
                            : null,
                }),
        ];
    }
}
