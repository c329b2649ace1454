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

    // Seconds: nobody looks more often.
    private const double PreviewPause = 0.5;

    public string Kind => JobKind.Generation;

    /// <summary>Name of the file with the hint of a unit.</summary>
    public static string HintName(int unit) => $"hint-{unit}.png";

    /// <summary>Name of the file with the hint that a unit has in the second pass; a document.</summary>
    public static string HiresHintName(int unit) => $"hires-hint-{unit}.png";

    public async Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var request = await JobPictures
            .FetchAsync(RequestJson.Read(job.Payload), store.Blobs, cancellationToken)
            .ConfigureAwait(false);
        var (hints, hiresHints) = (new List<NewJobFile>(), new List<NewJobFile>());
        var seeds = new JsonArray();
        var feedback = new RunFeedback(_ => { }, new Told(report), PreviewEvery: 1)
        {
            PreviewPause = PreviewPause,
            Hints = maps =>
                hints.AddRange(
                    maps.Select(
                        (map, i) => new NewJobFile(HintName(i), JobFileRole.Hint, Png, PictureWriter.EncodePng(map))
                    )
                ),
            HiresHints = maps =>
                hiresHints.AddRange(
                    maps.Index()
                        .Where(map => map.Item is not null)
                        .Select(map => new NewJobFile(
                            HiresHintName(map.Index),
                            JobFileRole.Document,
                            Png,
                            PictureWriter.EncodePng(map.Item!)
                        ))
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
            [.. report.Partial, .. hints, .. hiresHints],
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
