using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains a ControlNet on the locked UNet and text encoder.</summary>
internal static class ControlNetTraining
{
    private const int BatchSize = 16;
    private const double DropCaption = 0.3;
    private const string Prefix = "control_model.";

    public static void Run(
        string folder, UNet unet, ITextEncoder text, LatentCache latents, HintCache hints, long steps, double rate, CancellationToken cancellationToken)
    {
        var (controlNet, fresh) = TrainableCopy.Of(unet, seed: 5, Placement.Cpu32);
        using var owned = controlNet;
        Console.Error.WriteLine($"Fresh weights: {string.Join(", ", fresh)}");
        using var trainer = new Trainer(controlNet.named_parameters().Select(p => (Prefix + p.name, p.parameter)), new TrainerOptions
        {
            Folder = folder,
            Steps = steps,
            LearningRate = new LearningRate { Peak = rate, WarmUpSteps = 100, FallingShare = 0.4 },
            Optimizer = new AdamWOptions { Beta2 = 0.99 },
            AverageDecay = 0.997,
            LogEvery = 50,
        });
        var loss = new DiffusionLoss { SnrGamma = 5 };
        trainer.Run(
            step =>
            {
                long[] indices = [.. Enumerable.Range(0, BatchSize).Select(_ => step.Random.NextInt64(latents.Count))];
                var (clean, tokens) = latents.Batch(indices, step.Random, DropCaption);
                var hint = hints.Batch(indices).to(ScalarType.BFloat16);
                return loss.Of(
                    (noisy, timesteps) =>
                    {
                        var x = noisy.to(ScalarType.BFloat16);
                        var context = text.Encode(tokens).to(ScalarType.BFloat16);
                        return unet.Forward(x, timesteps, context, controlNet.Forward(x, timesteps, context, controlNet.EncodeHint(hint)));
                    },
                    clean,
                    randn_like(clean),
                    randint(0, loss.Schedule.Count, [BatchSize]));
            },
            Console.Error.WriteLine,
            cancellationToken: cancellationToken);
    }
}
