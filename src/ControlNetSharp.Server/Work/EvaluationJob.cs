using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.Work;

/// <summary>An evaluation request → its table, and the pictures that were measured.</summary>
internal sealed class EvaluationJob(ControlNetEngine engine, TrainingPlaces places) : LongJob
{
    private const int MostPictures = 200;

    public override string Kind => JobKind.Evaluation;

    protected override JobResult Run(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var page = Directory.CreateTempSubdirectory("controlnetsharp-evaluation");
        try
        {
            var asked = EvaluationRequest.Read(job.Payload);
            var evaluation = new RequestedEvaluation(
                asked with
                {
                    Data = asked.Data is null ? null : places.Dataset("data", asked.Data),
                    Page = page.FullName,
                },
                engine.Options
            );
            var measured = evaluation.Run(
                (done, all) =>
                    report.Tell(new JobProgress((double)done / all, Step: done, Steps: all, Text: "measuring")),
                cancellationToken
            );
            return new JobResult(
                [
                    .. page.EnumerateFiles("*.png")
                        .OrderBy(file => file.Name, StringComparer.Ordinal)
                        .Take(MostPictures)
                        .Select(file => new NewJobFile(
                            file.Name,
                            JobFileRole.Picture,
                            "image/png",
                            File.ReadAllBytes(file.FullName)
                        )),
                ],
                [.. evaluation.Notes.Select(note => new JobWarning("", null, note))],
                JsonSerializer.SerializeToNode(evaluation.Summarise(measured), JsonSerializerOptions.Web)!.AsObject()
            );
        }
        finally
        {
            page.Delete(recursive: true);
        }
    }
}
