using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Training;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet train</c>: a dataset to a ControlNet of one's own. Options to a request, its progress to a bar.
/// </summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var command = new Command("train", "Trains a ControlNet on a dataset.");
        foreach (var option in TrainOptions.All.Concat(ComputeSettings.Options))
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var options = ComputeSettings.Read(arguments).ToEngine(arguments.GetValue(TrainOptions.Models));
        var request = Named(() => TrainFlags.Read(arguments));
        if (arguments.GetValue(TrainOptions.Plan))
        {
            Write(output, json, request, Named(() => RequestedTraining.Plan(request, options, keepsMemory: true)));
            return;
        }

        var training = Named(() => new RequestedTraining(request, options) { KeepsMemory = true });
        foreach (var note in training.Notes)
        {
            output.Message.WriteLine($"controlnet: {note}");
        }

        var summary = Named(() => Train(training, request, output, cancellationToken));
        if (summary.WasCancelled)
        {
            throw new InterruptedException(
                $"step {summary.Step} is saved in {summary.Out}; {TrainOptions.Resume.Name} goes on from there."
            );
        }

        Write(output, json, summary);
    }

    private static T Named<T>(Func<T> work) => RequestErrors.Named(TrainOptions.ByMember, work);

    private static TrainingSummary Train(
        RequestedTraining training,
        TrainingRequest request,
        CommandOutput output,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        using var encoding = new ProgressBar(output, "encoding", "an example");
        using var bar = new TrainingBar(output, request.BatchSize * request.Accumulation);
        return training.Run(
            new TrainingEvents(
                bar.Show,
                bar.Say,
                bar.ShowPicture,
                (done, total) =>
                {
                    encoding.Show(done, total, clock.Elapsed.TotalSeconds);
                    if (done == total)
                    {
                        encoding.Dispose();
                    }
                }
            ),
            cancellationToken
        );
    }

    private static void Write(CommandOutput output, bool json, TrainingRequest request, PlannedTraining planned)
    {
        var plan = planned.Plan;
        if (json)
        {
            output.WriteJson(
                new
                {
                    memory = plan.Memory,
                    totalBytes = plan.TotalBytes,
                    availableBytes = plan.AvailableBytes,
                    secondsPerStep = plan.SecondsPerStep,
                    samplesPerSecond = planned.SamplesPerSecond,
                    advice = plan.Advice.Select(advice => WordsFor(advice, request)),
                }
            );
            return;
        }

        output.Result.WriteLine(
            $"{request.Target} at {planned.Side} x {planned.Side}, "
                + $"batches of {request.BatchSize} x {request.Accumulation}, {planned.Dtype}"
        );
        foreach (var part in plan.Memory.Append(new MemoryPart("in all", plan.TotalBytes)))
        {
            output.Result.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"  {part.Name, -24} {part.Bytes / 1e9, 8:f2} GB")
            );
        }

        output.Result.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"  {"free here", -24} {plan.AvailableBytes / 1e9, 8:f2} GB")
        );
        output.Result.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{plan.SecondsPerStep:g3} s a step, "
                    + $"{planned.SamplesPerSecond:g3} pictures a second; 1000 "
                    + $"steps take {TimeSpan.FromSeconds(1000 * plan.SecondsPerStep):hh\\:mm\\:ss}"
            )
        );
        foreach (var advice in plan.Advice.Select(advice => WordsFor(advice, request)))
        {
            output.Result.WriteLine($"It does not fit. To make it fit: {advice}.");
        }
    }

    private static void Write(CommandOutput output, bool json, TrainingSummary summary)
    {
        if (json)
        {
            output.WriteJson(summary);
            return;
        }

        var steps = Counts.Of(summary.Step, "step");
        output.Message.WriteLine(
            summary.ConvergedAtStep is { } step ? $"Converged at step {step}; {steps} in all."
            // Where it was looked at: nothing converges that does not control.
            : summary.Fidelity is not null ? $"{steps}; it has not converged."
            : $"{steps}."
        );
        foreach (var file in summary.Files)
        {
            output.Result.WriteLine(file);
        }
    }

    private static string WordsFor(TrainingAdvice advice, TrainingRequest request) =>
        advice switch
        {
            TrainingAdvice.Checkpointing => "--gradient_checkpointing keeps the inner values of one block at a time",
            TrainingAdvice.EightBitOptimizer => "--use_8bit_adam takes a quarter of the optimizer's memory",
            TrainingAdvice.Accumulation =>
                $"--train_batch_size 1 --gradient_accumulation_steps {request.BatchSize} makes the same steps with "
                    + "less at once",
            TrainingAdvice.NoAverage => "without --ema_decay there is no average of the weights",
            _ => "a smaller --resolution",
        };
}
