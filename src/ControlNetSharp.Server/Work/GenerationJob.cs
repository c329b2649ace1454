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
    private const double PreviewLead = 0.1;

    public string Kind => JobKind.Generation;

    /// <summary>Name of the file with the hint of a unit.</summary>
    public static string HintName(int unit) => $"hint-{unit}.png";

    /// <summary>Name of the file with the hint that a unit has in the second pass; a document.</summary>
    public static string HiresHintName(int unit) => $"hires-hint-{unit}.png";

    /// <summary>The same for another picture of a unit's row than the first.</summary>
    private static string InRow(string name, int row) => name.Replace(".png", $"-{row}.png", StringComparison.Ordinal);

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
            PreviewLead = PreviewLead,
            Hints = maps => Add(maps, hints, HintName, JobFileRole.Hint),
            HiresHints = maps => Add(maps, hiresHints, HiresHintName, JobFileRole.Document),
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

        // With the first picture those of all units, then those of units with a row of them.
        void Add(IReadOnlyList<Picture?> maps, List<NewJobFile> files, Func<int, string> nameOf, string role)
        {
            var row = seeds.Count;
            files.AddRange(
                maps.Index()
                    .Where(map => map.Item is not null && (row == 0 || request.Units[map.Index].Row is not null))
                    .Select(map => new NewJobFile(
                        row == 0 ? nameOf(map.Index) : InRow(nameOf(map.Index), row),
                        role,
                        Png,
                        PictureWriter.EncodePng(map.Item!)
                    ))
            );
        }
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
