using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains a ControlNet on the locked UNet and text encoder.</summary>
internal static class ControlNetTraining
{
    private const int BatchSize = 8;
    private const double DropCaption = 0.3;

    public static void Run(
        string folder, UNet unet, ITextEncoder text, LatentCache latents, HintCache hints, long steps, double rate, string? weights, CancellationToken cancellationToken)
    {
        var (controlNet, fresh) = TrainableCopy.Of(unet, seed: 5, Placement.Cpu32);
        using var owned = controlNet;
        Console.Error.WriteLine($"Fresh weights: {string.Join(", ", fresh)}");
        if (weights is not null)
        {
            PocketWeights.ReadControl(weights, controlNet);
        }

        using var trainer = new Trainer(PocketWeights.Named(controlNet, PocketWeights.ControlPrefix), new TrainerOptions
        {
            Folder = folder,
            Steps = steps,
            LearningRate = new LearningRate { Peak = rate, WarmUpSteps = 100, Shape = LearningRateShape.Plateau, FallingShare = 0.4 },
            Optimizer = new AdamWOptions { Beta2 = 0.99 },
            AverageDecay = 0.997,
            Muon = PocketModel.Muon,
            Workers = PocketModel.Workers,
            LogEvery = 50,
        });
        var loss = PocketModel.Loss;
        trainer.Run(
            step =>
            {
                long[] indices = [.. Enumerable.Range(0, BatchSize).Select(_ => step.Random.NextInt64(latents.Count))];
                var (clean, tokens) = latents.Batch(indices, step.Random, DropCaption);
                var hint = hints.Batch(indices).to(PocketModel.Compute);
                return loss.Of(
                    (noisy, timesteps) =>
                    {
                        var x = noisy.to(PocketModel.Compute);
                        var context = text.Encode(tokens).to(PocketModel.Compute);
                        return unet.Forward(x, timesteps, context, controlNet.Forward(x, timesteps, context, controlNet.EncodeHint(hint)));
                    },
                    clean,
                    randn(clean.shape, generator: step.Generator),
                    randint(0, loss.Schedule.Count, [BatchSize], generator: step.Generator));
            },
            progress => Console.Error.WriteLine(progress),
            cancellationToken: cancellationToken);
    }
}
