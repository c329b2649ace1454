using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Server.Work;

/// <summary>
/// A training request → a ControlNet in the server's folder. It goes on from its last checkpoint where a worker was
/// lost or the job was asked for with <c>resume</c>.
/// </summary>
internal sealed class TrainingJob(ControlNetEngine engine, TrainingPlaces places) : LongJob
{
    private const int MostPoints = 300;

    public override string Kind => JobKind.Training;

    protected override JobResult Run(ClaimedJob job, JobReport report, CancellationToken cancellationToken)
    {
        var asked = TrainingRequest.Read(job.Payload);
        var output = places.Training("out", asked.Out);
        var isBegun = Trainer.HasCheckpoint(output);
        // The same job a second time: its worker was lost.
        var isAgain = job.Job.Attempt > 1;
        var request = asked with
        {
            Data = Dataset(asked, output, report, cancellationToken),
            Out = output,
            Resume = (asked.Resume || isAgain) && isBegun,
            Overwrite = asked.Overwrite || isAgain,
        };
        var training = new RequestedTraining(request, engine.Options);
        var curves = new Curves(output, report);
        var summary = training.Run(
            new TrainingEvents(
                progress => curves.Tell(progress),
                _ => curves.TellSamples(),
                null,
                (done, all) => report.Tell(new JobProgress(0, Step: done, Steps: all, Text: "encoding"))
            ),
            cancellationToken
        );
        foreach (var file in curves.Samples().TakeLast(1))
        {
            report.Add(new NewJobFile("samples.png", JobFileRole.Picture, "image/png", File.ReadAllBytes(file)));
        }

        // A training that is ended early has a checkpoint and a network; whoever ended it decides what that means.
        cancellationToken.ThrowIfCancellationRequested();
        var facts = JsonSerializer.SerializeToNode(summary, JsonSerializerOptions.Web)!.AsObject();
        facts["out"] = asked.Out;
        facts["files"] = new JsonArray([.. summary.Files.Select(file => JsonValue.Create(Path.GetFileName(file)))]);
        // What a unit names to use it.
        facts["model"] = $"{asked.Out}/{Path.GetFileNameWithoutExtension(summary.Files[0])}";
        facts["curve"] = curves.Points();
        return new JobResult(report.Partial, [.. training.Notes.Select(Warning)], facts);
    }

    private string Dataset(TrainingRequest asked, string output, JobReport report, CancellationToken cancellationToken)
    {
        if (TrainingPlaces.ScenesOf("data", asked.Data) is not { } scenes)
        {
            return places.Dataset("data", asked.Data);
        }

        // Beside its training, which it belongs to: a folder that is there is whole.
        var folder = output + "-scenes";
        if (!Directory.Exists(folder))
        {
            DatasetMaker.Make(
                folder,
                new DatasetMakeOptions { Conditions = asked.Conditions, Scenes = scenes },
                done => report.Tell(new JobProgress(0, Step: done, Steps: scenes, Text: "drawing scenes")),
                cancellationToken
            );
        }

        return folder;
    }

    private static JobWarning Warning(string note) => new("data", null, note);

    /// <summary>How a training goes, as its folder has it.</summary>
    private sealed class Curves(string folder, JobReport report)
    {
        private string? _shown;
        private JsonArray _curve = [];

        public IEnumerable<string> Samples()
        {
            var samples = Path.Combine(folder, "samples");
            return Directory.Exists(samples)
                ? Directory.GetFiles(samples, "step-*.png").Order(StringComparer.Ordinal)
                : [];
        }

        public void Tell(TrainingProgress progress)
        {
            _curve.Add(new JsonObject { ["step"] = progress.Step, ["loss"] = progress.Loss });
            var steps = Math.Max(progress.Steps, 1);
            report.Tell(
                new JobProgress(
                    Math.Min(1, (double)progress.Step / steps),
                    Step: (int)Math.Min(progress.Step, int.MaxValue),
                    Steps: (int)Math.Min(steps, int.MaxValue),
                    Text: "training"
                )
                {
                    Facts = Facts(progress.StepsPerSecond),
                }
            );
        }

        /// <summary>A validation has written its numbers, and a sheet of samples.</summary>
        public void TellSamples()
        {
            if (Newest() is { } sheet)
            {
                _curve = Points();
                report.Tell(report.Last with { Facts = Facts(null) }, sheet);
            }
        }

        /// <summary>The numbers by step, thinned evenly: <c>[{step, loss, validationLoss, fidelity}]</c>.</summary>
        public JsonArray Points()
        {
            var metrics = new TrainingMetrics(folder).Read();
            var steps = metrics.Values.SelectMany(curve => curve.Keys).Distinct().Order().ToList();
            var every = Math.Max(1, steps.Count / MostPoints);
            // Validations are few, and what one wants to see: they are kept whatever their place.
            var kept = steps.Where(
                (step, i) =>
                    i % every == 0 || i == steps.Count - 1 || metrics.Values.Count(c => c.ContainsKey(step)) > 1
            );
            return
            [
                .. kept.Select(step =>
                {
                    var point = new JsonObject { ["step"] = (long)step };
                    foreach (var (name, curve) in metrics)
                    {
                        if (curve.TryGetValue(step, out var value))
                        {
                            point[JsonNamingPolicy.CamelCase.ConvertName(name)] = value;
                        }
                    }

                    return (JsonNode)point;
                }),
            ];
        }

        private JsonObject Facts(double? stepsPerSecond) =>
            new() { ["curve"] = _curve.DeepClone(), ["stepsPerSecond"] = stepsPerSecond };

        private Picture? Newest()
        {
            var newest = Samples().LastOrDefault();
            if (newest is null || newest == _shown)
            {
                return null;
            }

            _shown = newest;
            return PictureReader.Read(newest);
        }
    }
}
