using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains the Autoencoder: small crops first, since many small steps count most; whole pictures in the last part, since group statistics differ there.</summary>
internal static class AutoencoderTraining
{
    private const int CropSize = 64;
    private const int CropBatch = 8;
    private const double WholeFrom = 0.85;
    private const int ValidationBatch = 8;

    public static void Run(string folder, PictureCache training, PictureCache validation, long steps, double rate, bool trainEncoder, CancellationToken cancellationToken)
    {
        using var autoencoder = new Autoencoder(PocketModel.Autoencoder, Placement.Cpu32);
        WeightInitialisation.Initialise(autoencoder, seed: 1, name => name.Contains("conv2.", StringComparison.Ordinal) ? 0.5 : name.Contains("attn_1.proj_out", StringComparison.Ordinal) ? 0.3 : 1);
        var parameters = autoencoder.named_parameters().Select(p => (p.name, p.parameter))
            .Where(p => trainEncoder || p.name.StartsWith("decoder.", StringComparison.Ordinal) || p.name.StartsWith("post_quant_conv.", StringComparison.Ordinal));
        using var trainer = new Trainer(parameters, new TrainerOptions
        {
            Folder = folder,
            Steps = steps,
            LearningRate = new LearningRate { Peak = rate, WarmUpSteps = 200, FallingShare = 0.35 },
            Optimizer = new AdamWOptions { Beta2 = 0.99, WeightDecay = 0 },
            AverageDecay = 0.998,
            LogEvery = 100,
            ValidateEvery = 2500,
        });
        trainer.Run(
            step =>
            {
                var whole = step.Progress >= WholeFrom;
                var loss = new AutoencoderLoss { Anchor = step.Progress < 0.5 ? 0.1 : 0.01, TrainEncoder = trainEncoder };
                return loss.Of(autoencoder, whole ? Pictures(training, step.Random, 1) : Crops(training, step.Random));
            },
            Console.Error.WriteLine,
            () => new Dictionary<string, double> { ["psnr"] = Psnr(autoencoder, validation) },
            cancellationToken);
    }

    /// <summary>Mean peak signal-to-noise ratio in dB of the round trip over all pictures of a cache.</summary>
    public static double Psnr(Autoencoder autoencoder, PictureCache pictures)
    {
        var sum = 0.0;
        for (var first = 0; first < pictures.Count; first += ValidationBatch)
        {
            using var scope = NewDisposeScope();
            var batch = pictures.Batch([.. Enumerable.Range(first, Math.Min(ValidationBatch, pictures.Count - first))]);
            var (mean, _) = autoencoder.Encode(WhitenedColour.FromRgb(batch).to(ScalarType.BFloat16));
            var decoded = WhitenedColour.ToRgb(autoencoder.Decode(mean).to(ScalarType.Float32)).clamp(-1, 1);
            sum += (((decoded - batch) / 2).square().mean([1, 2, 3]).log10() * -10).sum().item<float>();
        }

        return sum / pictures.Count;
    }

    private static Tensor Pictures(PictureCache cache, Random random, int count) =>
        cache.Batch([.. Enumerable.Range(0, count).Select(_ => random.Next(cache.Count))], [.. Enumerable.Range(0, count).Select(_ => random.Next(2) == 0)]);

    private static Tensor Crops(PictureCache cache, Random random)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (random.Next(cache.Size - CropSize + 1), random.Next(cache.Size - CropSize + 1));
        return Pictures(cache, random, CropBatch).narrow(2, y, CropSize).narrow(3, x, CropSize).contiguous().MoveToOuterDisposeScope();
    }
}
