using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A training from cached examples to a finished network: steps, validation on fixed noise, sample pictures and their
/// fidelity, and the end when the control has converged.
/// </summary>
/// <param name="model">The model that is controlled, whose UNet is that of the denoiser. Borrowed.</param>
/// <param name="denoiser">What is trained. Borrowed.</param>
/// <param name="training">The examples. Borrowed.</param>
/// <param name="validation">Examples that are not trained on; may have none.</param>
/// <param name="fidelity">Scores samples by the condition of their example. Borrowed.</param>
/// <param name="options">How.</param>
/// <param name="teacher">What a distillation learns from; null for other trainings. Borrowed.</param>
/// <param name="reward">Rewards pictures that show what their hints say; null for no reward. Borrowed.</param>
internal sealed class TrainingRun(
    DiffusionModel model,
    TrainableDenoiser denoiser,
    ExampleCache training,
    ExampleCache validation,
    Func<string, ConditionFidelity> fidelity,
    TrainingRunOptions options,
    GuidedTeacher? teacher = null,
    HintReward? reward = null
)
{
    /// <summary>The name of the reward loss in the metrics.</summary>
    public const string Reward = "reward";

    private const int SheetGap = 4;
    private readonly BatchOrder _order = new(
        training.Groups(ofOneCondition: options.ControlledShare > 0),
        options.BatchSize,
        options.Seed
    );
    private readonly ExampleText _noPrompt = ExampleText.Of(model, "").To(denoiser.Device).Kept();

    /// <summary>
    /// Trains until the last step, until the control has converged, or until cancelled; each ends with a checkpoint.
    /// </summary>
    /// <param name="events">Told how it goes.</param>
    /// <param name="write">
    /// Writes the finished network; the averaged weights are in place, where an average is kept.
    /// </param>
    /// <param name="cancellationToken">Ends the training after the present step.</param>
    /// <exception cref="CheckpointException">The folder has a checkpoint of another training.</exception>
    /// <exception cref="TrainingException">A loss or gradient is not finite; the last checkpoint is intact.</exception>
    /// <exception cref="IOException">A checkpoint cannot be written; the last one is intact.</exception>
    public TrainingResult Run(
        TrainingEvents events,
        Action<TrainingResult> write,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(write);
        SideBySide.OneLibtorchThread(options.Workers);
        using var trainer = new Trainer(
            denoiser.Parameters,
            new TrainerOptions
            {
                Folder = options.Folder,
                Steps = options.Steps ?? TrainingRunOptions.MostAutomaticSteps,
                LearningRate = options.LearningRate,
                Optimizer = options.Optimizer,
                Muon = options.Muon,
                LargestGradientNorm = options.LargestGradientNorm,
                AverageDecay = options.AverageDecay,
                Workers = options.Workers,
                Accumulation = options.Accumulation,
                Seed = options.Seed,
                LogEvery = 10,
                ValidateEvery = options.ValidateEvery,
                SaveEverySteps = options.SaveEvery,
                KeepCheckpoints = options.KeepCheckpoints,
                Identity = Identity(),
            }
        );
        var convergence = new Convergence(trainer.Notes);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (convergence.IsOver && options.Steps is null)
        {
            ended.Cancel();
        }

        if (convergence.Floor is null && denoiser.ControlNet is not null && validation.Examples.Count > 0)
        {
            using var _ = no_grad();
            convergence.Floor = Sample(weight: 0, events).Average(sample => sample.Fidelity);
        }

        var validationLoss = (double?)null;
        trainer.Run(
            Loss,
            events.OnProgress,
            validation.Examples.Count == 0
                ? null
                : () => Validate(trainer, convergence, ended, events, out validationLoss),
            ended.Token
        );
        var result = new TrainingResult(
            trainer.Steps,
            trainer.Loss,
            validationLoss,
            convergence.Newest,
            convergence.Floor,
            convergence.Step,
            trainer.Means.TryGetValue(Reward, out var rewardLoss) ? rewardLoss : null
        );
        trainer.WeightAverage?.Swap();
        write(result);
        trainer.WeightAverage?.Swap();
        return result;
    }

    /// <summary>What a resumed run must share with the run before.</summary>
    private Dictionary<string, string> Identity() =>
        new(options.Identity)
        {
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["batch size"] = $"{options.BatchSize} x {options.Accumulation}",
            ["target"] = denoiser.Target.ToString(),
            // Last, since it follows from the others, too: the seed chooses the examples that are kept for validation.
            ["data"] = training.Fingerprint,
        };

    private Tensor Loss(TrainingStep step)
    {
        var batch = _order.At(step.Index * options.Accumulation + step.Part / options.Workers);
        // Workers share a batch; accumulated parts are batches of their own.
        var share = options.BatchSize / options.Workers;
        int[] indices = [.. batch.Skip(step.Part % options.Workers * share).Take(share)];
        var device = denoiser.Device;
        var examples = training.Batch(indices, step.Generator, device);
        var (latents, text) = (
            examples.Latents,
            examples.Text.Replaced(
                tensor(indices.Select(_ => step.Random.NextDouble() < options.EmptyPrompts).ToArray(), device: device),
                _noPrompt
            )
        );
        // Drawn on the CPU, so that a seed means the same on every device.
        var noise = randn(latents.shape, generator: step.Generator).to(device);
        if (options.NoiseOffset > 0)
        {
            noise = noise.Plus(
                randn([latents.shape[0], latents.shape[1], 1, 1], generator: step.Generator)
                    .to(device)
                    .Times(options.NoiseOffset)
            );
        }

        var control =
            options.ControlledShare > 0 && step.Random.NextDouble() < options.ControlledShare
                ? teacher?.ControlOf(training.Examples[indices[0]].Condition, examples.Hints)
                : null;
        var rewardLosses = (Tensor?)null;
        var loss = options.Loss.Of(
            (noisy, timesteps) =>
            {
                var prediction = denoiser.Predict(noisy, timesteps, examples, text, control);
                // Out of the scope of the loss, at whose end the prediction is gone.
                rewardLosses = reward
                    ?.Losses(
                        options.Loss,
                        noisy,
                        prediction,
                        timesteps,
                        examples.Hints,
                        [.. indices.Select(index => training.Examples[index].Condition)]
                    )
                    ?.MoveToOuterDisposeScope();
                return prediction;
            },
            teacher?.Of(examples, text, control),
            latents,
            noise,
            options.Loss.DrawTimesteps(indices.Length, step.Generator).to(device)
        );
        if (reward is null || rewardLosses is null)
        {
            return loss;
        }

        step.Numbers[Reward] = rewardLosses.mean().item<float>();
        // Over the whole batch, as in the paper: an example that is not rewarded adds nothing.
        return loss.Plus(rewardLosses.sum().Times(reward.Options.Weight / indices.Length));
    }

    private Dictionary<string, double> Validate(
        Trainer trainer,
        Convergence convergence,
        CancellationTokenSource ended,
        TrainingEvents events,
        out double? validationLoss
    )
    {
        var numbers = new Dictionary<string, double> { ["validationLoss"] = ValidationLoss() };
        validationLoss = numbers["validationLoss"];
        var samples = Sample(weight: 1, events);
        WriteSheet(trainer.Steps, samples);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"step {trainer.Steps}: validation loss {validationLoss:f5}"
        );
        if (denoiser.ControlNet is not null)
        {
            numbers["fidelity"] = samples.Average(sample => sample.Fidelity);
            var shown = convergence.Add(trainer.Steps, numbers["fidelity"]);
            events.OnMessage(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{text}, fidelity {numbers["fidelity"]:f3} (without control {convergence.Floor:f3})"
                )
            );
            if (shown)
            {
                events.OnMessage(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Converged at step {convergence.Step}: pictures follow their hints (fidelity "
                            + $"{numbers["fidelity"]:f3}, without control {convergence.Floor:f3})."
                    )
                );
            }

            if (options.Steps is null && convergence.IsOver)
            {
                ended.Cancel();
            }
        }
        else if (teacher?.HasControls == true)
        {
            numbers["fidelity"] = samples.Average(sample => sample.Fidelity);
            events.OnMessage(string.Create(CultureInfo.InvariantCulture, $"{text}, fidelity {numbers["fidelity"]:f3}"));
        }
        else
        {
            events.OnMessage(text);
        }

        return numbers;
    }

    /// <summary>A column for each sample: its hint above, its picture below.</summary>
    private void WriteSheet(long step, IReadOnlyList<Sampled> samples)
    {
        var folder = Path.Combine(options.Folder, "samples");
        Directory.CreateDirectory(folder);
        PictureWriter.WritePng(
            Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"step-{step:00000000}.png")),
            PictureSheet.Of(
                [.. samples.Select(sample => sample.Hint), .. samples.Select(sample => sample.Picture)],
                samples.Count,
                SheetGap
            )
        );
    }

    /// <summary>
    /// The loss with fixed noise and timesteps, so that it is comparable from step to step; prompts are not dropped.
    /// </summary>
    private double ValidationLoss()
    {
        using var generator = new Generator(unchecked((ulong)options.Seed), CPU);
        var sum = 0.0;
        // One by one, so that a large set takes no more memory than a step.
        for (var i = 0; i < validation.Examples.Count; i++)
        {
            using var scope = NewDisposeScope();
            var examples = validation.Batch([i], null, denoiser.Device);
            // Evenly spread, whatever their number: multiples of the golden section.
            var timestep = options.Loss.TimestepAt(i * 0.6180339887498949 % 1);
            sum += options
                .Loss.Of(
                    (noisy, timesteps) => denoiser.Predict(noisy, timesteps, examples, examples.Text),
                    teacher?.Of(examples, examples.Text),
                    examples.Latents,
                    randn(examples.Latents.shape, generator: generator).to(denoiser.Device),
                    tensor(new[] { timestep }, device: denoiser.Device)
                )
                .item<float>();
        }

        return sum / validation.Examples.Count;
    }

    private Sampled[] Sample(double weight, TrainingEvents events)
    {
        var samples = new Sampled[Math.Min(options.Samples, validation.Examples.Count)];
        var (done, counting) = (0, new Lock());
        SideBySide.Compute(
            validation.Examples.Take(samples.Length),
            options.Workers,
            (example, i) =>
            {
                var hint = validation.HintOf(i);
                var request = options.Sampling with
                {
                    Prompt = example.Example.Caption,
                    Seed = options.Seed + i,
                    Size = (example.Size.Width, example.Size.Height),
                };
                var controlNet = denoiser.ControlNet ?? teacher?.ControlNetOf(example.Condition);
                PreparedControl[] controls = controlNet is null
                    ? []
                    :
                    [
                        new()
                        {
                            ControlNet = controlNet,
                            Hint = hint,
                            Strength = new ControlStrength { Weight = weight },
                        },
                    ];
                var picture = new PictureGenerator(model).Generate(request, controls).Pictures[0];
                samples[i] = new(hint, picture, fidelity(example.Condition).Score(picture, hint));
                lock (counting)
                {
                    events.OnPicture?.Invoke(++done, samples.Length);
                }
            }
        );
        return samples;
    }

    /// <summary>A sample picture.</summary>
    private sealed record Sampled(Picture Hint, Picture Picture, double Fidelity);
}
