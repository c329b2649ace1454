using System.Text;
using System.Text.Json.Nodes;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>A control unit from the store → its hint, with key points where it has people.</summary>
internal sealed class AnnotationJob(ControlNetEngine engine, JobStore store) : IJobHandler
{
    public string Kind => JobKind.Annotation;

    public async Task<JobResult> RunAsync(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var unit = await JobPictures
            .FetchAsync(
                RequestJson.Parse(job.Payload, RequestJsonContext.Default.ControlUnit),
                store.Blobs,
                cancellationToken
            )
            .ConfigureAwait(false);
        var made = await engine.AnnotateAsync(unit, cancellationToken).ConfigureAwait(false);
        var hint = new NewJobFile("hint-0.png", JobFileRole.Hint, "image/png", PictureWriter.EncodePng(made.Hint));
        var keypoints = made.Pose is { } pose
            ?
            [
                new NewJobFile(
                    "pose.json",
                    JobFileRole.Document,
                    "application/json",
                    Encoding.UTF8.GetBytes(PoseJson.Write(pose))
                ),
            ]
            : Array.Empty<NewJobFile>();
        return new JobResult(
            [hint, .. keypoints],
            [.. made.Warnings.Select(text => new JobWarning("picture", null, text))],
            new JsonObject
            {
                ["annotator"] = made.Annotator,
                ["reading"] = made.Reading,
                ["seconds"] = made.Seconds,
            }
        );
    }
}
