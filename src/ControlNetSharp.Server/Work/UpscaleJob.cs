using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>A picture from the store → the same, larger.</summary>
internal sealed class UpscaleJob(ControlNetEngine engine, JobStore store) : IJobHandler
{
    public string Kind => JobKind.Upscale;

    public async Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var request = await JobPictures
            .FetchAsync(
                RequestJson.Parse(job.Payload, RequestJsonContext.Default.UpscaleRequest),
                store.Blobs,
                cancellationToken
            )
            .ConfigureAwait(false);
        var made = await engine.UpscaleAsync(request, new Told(report), cancellationToken).ConfigureAwait(false);
        return new JobResult(
            [new NewJobFile("picture-0.png", JobFileRole.Picture, "image/png", made.EncodePng())],
            [],
            new JsonObject
            {
                ["upscaler"] = made.Upscaler,
                ["scale"] = made.Scale,
                ["seconds"] = made.Seconds,
            }
        );
    }

    private sealed class Told(JobReport report) : IProgress<double>
    {
        public void Report(double value) => report.Tell(new JobProgress(value));
    }
}
