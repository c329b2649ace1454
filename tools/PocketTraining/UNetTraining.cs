using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains text encoder and UNet together, from nothing, on cached latents.</summary>
internal static class UNetTraining
{
    private const int BatchSize = 8;
    private const double DropCaption = 0.1;

    public static void Run(string folder, LatentCache training, LatentCache validation, long steps, double rate, string? weights, CancellationToken cancellationToken)
    {
        using var unet = new UNet(PocketModel.UNet, Placement.Cpu32);
        using var text = new ClipTextEncoder(PocketModel.Text, Placement.Cpu32);
        WeightInitialisation.Initialise(unet, seed: 2);
        WeightInitialisation.Initialise(text, seed: 3, name => name.Contains("embedding", StringComparison.Ordinal) ? 2 : 1);
        if (weights is not null)
        {
            PocketWeights.ReadDiffusion(weights, unet, text);
        }

        using var trainer = new Trainer(PocketWeights.Parameters(unet, text), new TrainerOptions
        {
            Folder = folder,
            Steps = steps,
            LearningRate = new LearningRate { Peak = rate, WarmUpSteps = 200, Shape = LearningRateShape.Plateau, FallingShare = 0.3 },
            Optimizer = new AdamWOptions { Beta2 = 0.99, WeightDecay = 0.01 },
            AverageDecay = 0.999,
            Muon = PocketModel.Muon,
            Workers = PocketModel.Workers,
            LogEvery = 50,
            ValidateEvery = 1000,
        });
        var loss = PocketModel.Loss;
        trainer.Run(
            step =>
            {
                long[] indices = [.. Enumerable.Range(0, BatchSize).Select(_ => step.Random.NextInt64(training.Count))];
                var (latents, tokens) = training.Batch(indices, step.Random, DropCaption);
                return loss.Of(Predict(unet, text, tokens), latents, randn(latents.shape, generator: step.Generator), randint(0, loss.Schedule.Count, [BatchSize], generator: step.Generator));
            },
            progress => Console.Error.WriteLine(progress),
            () => MetricLine.Shown(new Dictionary<string, double> { ["validationLoss"] = ValidationLoss(loss, unet, text, validation) }),
            cancellationToken);
    }

    private static Func<Tensor, Tensor, Tensor> Predict(UNet unet, ClipTextEncoder text, Tensor tokens) =>
        (noisy, timesteps) => unet.Forward(noisy.to(PocketModel.Compute), timesteps, text.Encode(tokens).to(PocketModel.Compute));

    /// <summary>The loss over the whole validation set, with fixed noise and evenly spread timesteps, so that it is comparable from step to step.</summary>
    private static double ValidationLoss(DiffusionLoss loss, UNet unet, ClipTextEncoder text, LatentCache validation)
    {
        using var generator = new Generator(4, CPU);
        var (sum, random) = (0.0, new Random(4));
        for (var first = 0L; first < validation.Count; first += BatchSize)
        {
            using var scope = NewDisposeScope();
            long[] indices = [.. Enumerable.Range(0, (int)Math.Min(BatchSize, validation.Count - first)).Select(i => first + i)];
            var (latents, tokens) = validation.Batch(indices, random, dropCaption: 0);
            var timesteps = tensor(indices.Select(i => i * 631 % loss.Schedule.Count).ToArray());
            sum += loss.Of(Predict(unet, text, tokens), latents, randn(latents.shape, generator: generator), timesteps).item<float>() * indices.Length;
        }

        return sum / validation.Count;
    }
}
