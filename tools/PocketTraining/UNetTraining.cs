using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains text encoder and UNet together, from nothing, on cached latents.</summary>
internal static class UNetTraining
{
    private const double DropCaption = 0.1;
    private const int ValidationBatch = 8;

    /// <param name="folder">The training's folder.</param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What is measured on.</param>
    /// <param name="steps">Steps of the run.</param>
    /// <param name="rate">Learning rate on the plateau.</param>
    /// <param name="batch">
    /// Pictures in a batch; a step is one batch on a GPU, and one for each of two workers on the CPU.
    /// </param>
    /// <param name="weights">Folder of packed weights to start from; null to start from nothing.</param>
    /// <param name="placement">Where and in what it computes.</param>
    /// <param name="cancellationToken">Ends the run with a checkpoint.</param>
    public static void Run(
        string folder,
        LatentCache training,
        LatentCache validation,
        long steps,
        double rate,
        int batch,
        string? weights,
        Placement placement,
        CancellationToken cancellationToken
    )
    {
        var trained = placement with { Dtype = ScalarType.Float32 };
        using var unet = new UNet(PocketModel.UNet, trained);
        using var text = new ClipTextEncoder(PocketModel.Text, trained);
        WeightInitialisation.Initialise(unet, seed: 2);
        WeightInitialisation.Initialise(
            text,
            seed: 3,
            name => name.Contains("embedding", StringComparison.Ordinal) ? 2 : 1
        );
        if (weights is not null)
        {
            PocketWeights.ReadDiffusion(weights, unet, text);
        }

        using var trainer = new Trainer(
            PocketWeights.Parameters(unet, text),
            new TrainerOptions
            {
                Folder = folder,
                Steps = steps,
                LearningRate = new LearningRate
                {
                    Peak = rate,
                    WarmUpSteps = 200,
                    Shape = LearningRateShape.Plateau,
                    FallingShare = 0.3,
                },
                Optimizer = new AdamWOptions { Beta2 = 0.99, WeightDecay = 0.01 },
                AverageDecay = 0.998,
                Muon = PocketModel.Muon,
                Workers = placement.Device.type == DeviceType.CPU ? PocketModel.Workers : 1,
                LogEvery = 50,
                ValidateEvery = 1000,
            }
        );
        var loss = PocketModel.Loss;
        trainer.Run(
            step =>
            {
                long[] indices = [.. Enumerable.Range(0, batch).Select(_ => step.Random.NextInt64(training.Count))];
                var (latents, tokens) = training.Batch(indices, step.Random, DropCaption);
                return loss.Of(
                    Predict(unet, text, tokens.to(placement.Device), placement.Dtype),
                    latents.to(placement.Device),
                    randn(latents.shape, generator: step.Generator).to(placement.Device),
                    randint(0, loss.Schedule.Count, [batch], generator: step.Generator).to(placement.Device)
                );
            },
            progress => Console.Error.WriteLine(progress),
            () =>
                MetricLine.Shown(
                    new Dictionary<string, double>
                    {
                        ["validationLoss"] = ValidationLoss(loss, unet, text, validation, placement),
                    }
                ),
            cancellationToken
        );
    }

    private static Func<Tensor, Tensor, Tensor> Predict(
        UNet unet,
        ClipTextEncoder text,
        Tensor tokens,
        ScalarType compute
    ) => (noisy, timesteps) => unet.Forward(noisy.to(compute), timesteps, text.Encode(tokens).to(compute));

    /// <summary>
    /// The loss over the whole validation set, with fixed noise and evenly spread timesteps, so that it is comparable
    /// from step to step.
    /// </summary>
    private static double ValidationLoss(
        DiffusionLoss loss,
        UNet unet,
        ClipTextEncoder text,
        LatentCache validation,
        Placement placement
    )
    {
        using var generator = new Generator(4, CPU);
        var (sum, random) = (0.0, new Random(4));
        for (var first = 0L; first < validation.Count; first += ValidationBatch)
        {
            using var scope = NewDisposeScope();
            long[] indices =
            [
                .. Enumerable.Range(0, (int)Math.Min(ValidationBatch, validation.Count - first)).Select(i => first + i),
            ];
            var (latents, tokens) = validation.Batch(indices, random, dropCaption: 0);
            var timesteps = tensor(
                indices.Select(i => i * 631 % loss.Schedule.Count).ToArray(),
                device: placement.Device
            );
            var noise = randn(latents.shape, generator: generator).to(placement.Device);
            sum +=
                loss.Of(
                        Predict(unet, text, tokens.to(placement.Device), placement.Dtype),
                        latents.to(placement.Device),
                        noise,
                        timesteps
                    )
                    .item<float>() * indices.Length;
        }

        return sum / validation.Count;
    }
}
