using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet train</c>: a dataset to a ControlNet of one's own.</summary>
internal static class TrainCommand
{
    private const int MostValidationExamples = 32;

    public static Command Create()
    {
        var command = new Command("train", "Trains a ControlNet on a dataset.");
        foreach (var option in TrainSettings.Options.Concat(ComputeSettings.Options))
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var settings = TrainSettings.Read(arguments);
        var compute = ComputeSettings.Read(arguments).ForTraining();
        settings.CheckDevice(compute);
        var modelPath = ModelFiles.FindModel(settings.Model);
        if (settings.Plan)
        {
            Plan(settings, modelPath, compute.Place(), output, json);
            return;
        }

        RequireTrainable(CheckpointLoader.ReadModelShape(modelPath).UNet, "--model", settings.Model);
        var dataset = TrainingDataset.Open(settings.Data);
        foreach (var note in dataset.Notes)
        {
            output.Message.WriteLine($"controlnet: {note}");
        }

        var sources = settings.Sources(dataset);
        var placement = compute.Place();

        // What is trained has to be float32; what is locked takes the memory of the type that is computed in.
        var trained = placement with
        {
            Dtype = ScalarType.Float32,
        };
        using var model = CheckpointLoader.LoadModel(
            modelPath,
            settings.Target == TrainingTarget.ControlNet ? placement : trained
        );
        var workers = compute.OnCpu ? WorkersOf(settings, model.UNet.Params) : 1;
        var modelHash = CheckpointHash.OfModel(modelPath);
        using var controlNet =
            settings.Target == TrainingTarget.UNet ? null : ControlNetOf(settings, model, modelPath, trained);
        var denoiser = new TrainableDenoiser(model.UNet, controlNet, settings.Target, placement.Dtype)
        {
            Checkpointing = settings.Checkpointing,
        };
        using var claim = OutputFolder.Claim(TrainSettings.OutOption.Name, settings.Out);
        var examples = Encode(
            settings,
            model,
            modelHash,
            sources,
            compute.OnCpu ? workers : Environment.ProcessorCount,
            output,
            cancellationToken
        );
        var (training, validation) = Split(examples, settings.Run.Seed);
        var judges = settings.Conditions.ToDictionary(condition => condition, settings.Judge);
        try
        {
            var run = new TrainingRun(
                model,
                denoiser,
                training,
                validation,
                condition => new ConditionFidelity(condition, judges[condition]),
                RunOptions(settings, model, modelHash, workers)
            );
            output.Message.WriteLine(
                $"{Counts.Of(training.Examples.Count, "example")}, {validation.Examples.Count} for validation; "
                    + $"{Rate(settings, model):g3} learning rate, batches of {settings.Run.BatchSize}, "
                    + $"{placement.Dtype} on {placement.Device}; into {settings.Out}"
            );
            var clock = Stopwatch.StartNew();
            TrainingResult result;
            var files = new List<string>();
            using (var bar = new TrainingBar(output, settings.Run.BatchSize * settings.Run.Accumulation))
            {
                result = run.Run(
                    new TrainingEvents(bar.Show, bar.Say, bar.ShowPicture),
                    finished => files = Write(settings, model, controlNet, modelHash, sources, finished),
                    cancellationToken
                );
            }

            Report(settings, model, result, clock.Elapsed);
            if (cancellationToken.IsCancellationRequested)
            {
                throw new InterruptedException(
                    $"step {result.Step} is saved in {settings.Out}; --resume goes on from there."
                );
            }

            Write(output, json, settings, result, files);
        }
        finally
        {
            foreach (var judge in judges.Values)
            {
                judge?.Dispose();
            }
        }
    }

    private static int WorkersOf(TrainSettings settings, UNetParams p)
    {
        var workers =
            NarrowModels.AreFasterSideBySide(p) && settings.Run.BatchSize % 2 == 0 && settings.Run.Accumulation == 1
                ? 2
                : 1;
        AllocatorTuning.KeepFreedMemory(workers);
        return workers;
    }

    /// <summary>Reads only the model's header.</summary>
    private static void Plan(
        TrainSettings settings,
        string modelPath,
        Placement placement,
        CommandOutput output,
        bool json
    )
    {
        var (unet, _, parameters, nativeSize) = CheckpointLoader.ReadModelShape(modelPath);
        using var network = new UNet(unet, Placement.Meta);
        var options = settings.Run with { Workers = WorkersOf(settings, unet) };
        var side = settings.Resolution ?? nativeSize;
        var plan = new TrainingPlanner(
            unet,
            parameters - network.parameters().Sum(p => p.numel()),
            settings.Target,
            placement.Dtype
        ).Plan(options, side, side, settings.Checkpointing);
        if (json)
        {
            output.WriteJson(
                new
                {
                    memory = plan.Memory,
                    totalBytes = plan.TotalBytes,
                    availableBytes = plan.AvailableBytes,
                    secondsPerStep = plan.SecondsPerStep,
                    samplesPerSecond = options.BatchSize * options.Accumulation / plan.SecondsPerStep,
                    advice = plan.Advice.Select(advice => WordsFor(advice, options)),
                }
            );
            return;
        }

        output.Result.WriteLine(
            $"{settings.Target} at {side} x {side}, batches of {options.BatchSize} x {options.Accumulation}, "
                + $"{placement.Dtype}"
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
                    + $"{options.BatchSize * options.Accumulation / plan.SecondsPerStep:g3} pictures a second; 1000 "
                    + $"steps take {TimeSpan.FromSeconds(1000 * plan.SecondsPerStep):hh\\:mm\\:ss}"
            )
        );
        foreach (var advice in plan.Advice.Select(advice => WordsFor(advice, options)))
        {
            output.Result.WriteLine($"It does not fit. To make it fit: {advice}.");
        }
    }

    private static ControlNet ControlNetOf(
        TrainSettings settings,
        DiffusionModel model,
        string modelPath,
        Placement placement
    )
    {
        if (settings.Start is { } start)
        {
            return CheckpointLoader.LoadControlNet(start, placement, model);
        }

        var (controlNet, fresh) = TrainableCopy.Of(model.UNet, settings.Run.Seed, placement);
        TrainableCopy.ReadFrom(controlNet, fresh, modelPath);
        return controlNet;
    }

    private static ExampleCache Encode(
        TrainSettings settings,
        DiffusionModel model,
        string modelHash,
        IReadOnlyList<(TrainingExample Example, HintSource Source)> sources,
        int workers,
        CommandOutput output,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        using var bar = new ProgressBar(output, "encoding", "an example");
        var shown = new Lock();
        return ExampleCache.Open(
            settings.Cache,
            model,
            modelHash,
            sources,
            settings.AnnotatorFiles,
            new AspectBuckets(settings.Resolution ?? model.NativeSize),
            workers,
            done =>
            {
                lock (shown)
                {
                    bar.Show(done, sources.Count, clock.Elapsed.TotalSeconds);
                }
            },
            cancellationToken
        );
    }

    /// <summary>A twentieth of the examples, chosen by the seed, is kept for validation.</summary>
    private static (ExampleCache Training, ExampleCache Validation) Split(ExampleCache examples, long seed)
    {
        var count = examples.Examples.Count;
        var order = Enumerable.Range(0, count).ToArray();
        new Random(unchecked((int)seed)).Shuffle(order);
        var kept = Math.Clamp(count / 20, count > 1 ? 1 : 0, MostValidationExamples);
        return (examples.Part(order.Skip(kept).Order()), examples.Part(order.Take(kept)));
    }

    private static double Rate(TrainSettings settings, DiffusionModel model) =>
        settings.Rate ?? TrainSettings.DefaultRate(model.UNet.Params.ModelChannels);

    private static TrainingRunOptions RunOptions(
        TrainSettings settings,
        DiffusionModel model,
        string modelHash,
        int workers
    ) =>
        settings.Run with
        {
            Identity = new Dictionary<string, string>
            {
                ["model"] = modelHash[..10],
                ["resolution"] = $"{settings.Resolution ?? model.NativeSize}",
                ["condition"] = string.Join(", ", settings.Conditions),
            },
            LearningRate = settings.Run.LearningRate with { Peak = Rate(settings, model) },
            Loss = new DiffusionLoss
            {
                Schedule = NoiseSchedule.Of(model.Noise),
                Prediction = model.Prediction ?? model.Family.Prediction,
                SnrGamma = settings.SnrGamma,
            },
            Workers = workers,
        };

    private static List<string> Write(
        TrainSettings settings,
        DiffusionModel model,
        ControlNet? controlNet,
        string modelHash,
        IReadOnlyList<(TrainingExample Example, HintSource Source)> sources,
        TrainingResult result
    )
    {
        var metadata = TrainedWeights.MetadataOf(
            model.Family.Name,
            sources.Select(source => source.Source).DistinctBy(source => source.Description),
            modelHash,
            result
        );
        var files = new List<string>();
        if (controlNet is not null)
        {
            files.Add(settings.ControlNetFile);
            TrainedWeights.WriteControlNet(files[^1], controlNet, settings.SaveDtype, metadata);
        }

        if (settings.Target != TrainingTarget.ControlNet)
        {
            files.Add(settings.ModelFile);
            TrainedWeights.WriteModel(files[^1], model, model.Text.Params.Heads, settings.SaveDtype, metadata);
        }

        return files;
    }

    private static void Report(TrainSettings settings, DiffusionModel model, TrainingResult result, TimeSpan time)
    {
        static string Text(double? value) =>
            value is { } number ? number.ToString("g4", CultureInfo.InvariantCulture) : "–";
        TrainingReport.Write(
            settings.Out,
            $"ControlNetSharp: training of {string.Join(", ", settings.Conditions)}",
            [
                ("data", settings.Data),
                ("model", settings.Model),
                ("target", settings.Target.ToString()),
                ("learning rate", Text(Rate(settings, model))),
                ("batch size", $"{settings.Run.BatchSize} x {settings.Run.Accumulation}"),
                ("steps", $"{result.Step}"),
                ("time of this run", time.ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture)),
                ("training loss", Text(result.Loss)),
                ("validation loss", Text(result.ValidationLoss)),
                ("fidelity", Text(result.Fidelity)),
                ("fidelity without control", Text(result.FidelityWithoutControl)),
                ("converged at step", Text(result.ConvergedAtStep)),
            ]
        );
    }

    private static void Write(
        CommandOutput output,
        bool json,
        TrainSettings settings,
        TrainingResult result,
        List<string> files
    )
    {
        if (json)
        {
            output.WriteJson(
                new
                {
                    step = result.Step,
                    loss = result.Loss,
                    validationLoss = result.ValidationLoss,
                    fidelity = result.Fidelity,
                    fidelityWithoutControl = result.FidelityWithoutControl,
                    convergedAtStep = result.ConvergedAtStep,
                    @out = settings.Out,
                    files,
                }
            );
            return;
        }

        output.Message.WriteLine(
            result.ConvergedAtStep is { } step
                ? $"Converged at step {step}; {Counts.Of(result.Step, "step")} in all."
                : $"{Counts.Of(result.Step, "step")}; it has not converged."
        );
        foreach (var file in files)
        {
            output.Result.WriteLine(file);
        }
    }

    /// <summary>Refuses models whose networks take more than examples have.</summary>
    /// <exception cref="UsageException">It is one.</exception>
    internal static void RequireTrainable(UNetParams p, string option, string value)
    {
        if (TrainableDenoiser.WhyNot(p) is { } reason)
        {
            throw UsageException.Of(option, value, reason);
        }
    }

    private static string WordsFor(TrainingAdvice advice, TrainingRunOptions options) =>
        advice switch
        {
            TrainingAdvice.Checkpointing => "--gradient_checkpointing keeps the inner values of one block at a time",
            TrainingAdvice.EightBitOptimizer => "--use_8bit_adam takes a quarter of the optimizer's memory",
            TrainingAdvice.Accumulation =>
                $"--train_batch_size 1 --gradient_accumulation_steps {options.BatchSize} makes the same steps with "
                    + "less at once",
            TrainingAdvice.NoAverage => "without --ema_decay there is no average of the weights",
            _ => "a smaller --resolution",
        };
}
