using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>A request from the store → pictures with their manifests, and the hints.</summary>
internal sealed class GenerationJob(ControlNetEngine engine, JobStore store) : IJobHandler
{
    private const string Png = "image/png";

    public string Kind => JobKind.Generation;

    public async Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var request = await JobPictures
            .FetchAsync(RequestJson.Read(job.Payload), store.Blobs, cancellationToken)
            .ConfigureAwait(false);
        var hints = new List<NewJobFile>();
        var seeds = new JsonArray();
        var feedback = new RunFeedback(_ => { }, new Told(report), PreviewEvery: 1)
        {
            Hints = maps =>
                hints.AddRange(
                    maps.Select(
                        (map, i) => new NewJobFile($"hint-{i}.png", JobFileRole.Hint, Png, PictureWriter.EncodePng(map))
                    )
                ),
        };
        var summary = await engine
            .RunAsync(
                request,
                null,
                picture =>
                {
                    report.Add(
                        new NewJobFile(
                            $"picture-{seeds.Count}.png",
                            JobFileRole.Picture,
                            Png,
                            picture.ToPng(ManifestInputs.Embed)
                        )
                    );
                    seeds.Add(picture.Seed);
                },
                feedback,
                cancellationToken
            )
            .ConfigureAwait(false);
        return new JobResult(
            [.. report.Partial, .. hints],
            [.. summary.Warnings.Select(warning => new JobWarning(warning.Member, warning.Value, warning.Text))],
            new JsonObject
            {
                ["seed"] = summary.Seed,
                ["seeds"] = seeds,
                ["steps"] = summary.Steps,
                ["secondsPerStep"] = summary.SecondsPerStep,
                ["totalSeconds"] = summary.TotalSeconds,
            }
        );
    }

    private sealed class Told(JobReport report) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) =>
            report.Tell(
                new JobProgress(value.Done, value.Batch, value.Batches, value.Step, value.Steps, value.Seconds),
                value.Preview
            );
    }
}
