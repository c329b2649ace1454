using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// Trains the Autoencoder: small crops first, since many small steps count most; whole pictures in the last part, since
/// group statistics differ there.
/// </summary>
internal static class AutoencoderTraining
{
    private const int CropSize = 64;
    private const int CropBatch = 4;
    private const double WholeFrom = 0.98;
    private const int ValidationBatch = 8;
    private const int CannyLow = 100;
    private const int CannyHigh = 200;

    /// <param name="runs">
    /// Folder of all runs; the Autoencoder's is below it, and so is that of its decoder alone.
    /// </param>
    /// <param name="training">What is trained on.</param>
    /// <param name="validation">What is measured on.</param>
    /// <param name="steps">Steps of the run.</param>
    /// <param name="rate">Learning rate on the plateau.</param>
    /// <param name="trainEncoder">
    /// Whether the encoder learns; if not, the decoder goes on from the trained Autoencoder.
    /// </param>
    /// <param name="cancellationToken">Ends the run with a checkpoint.</param>
    public static void Run(
        string runs,
        PictureCache training,
        PictureCache validation,
        long steps,
        double rate,
        bool trainEncoder,
        CancellationToken cancellationToken
    )
    {
        using var autoencoder = new Autoencoder(PocketModel.Autoencoder, Placement.Cpu32);
        if (trainEncoder)
        {
            WeightInitialisation.Initialise(
                autoencoder,
                seed: 1,
                name =>
                    name.Contains("conv2.", StringComparison.Ordinal) ? 0.5
                    : name.Contains("attn_1.proj_out", StringComparison.Ordinal) ? 0.3
                    : 1
            );
        }
        else
        {
            Trainer.LoadAverage(PocketWeights.AutoencoderFolder(runs), PocketWeights.Named(autoencoder, ""));
        }

        var parameters = trainEncoder ? PocketWeights.Named(autoencoder, "") : PocketWeights.Decoder(autoencoder);
        using var trainer = new Trainer(
            parameters,
            new TrainerOptions
            {
                Folder = trainEncoder ? PocketWeights.AutoencoderFolder(runs) : PocketWeights.DecoderFolder(runs),
                Steps = steps,
                LearningRate = new LearningRate
                {
                    Peak = rate,
                    WarmUpSteps = 60,
                    Shape = LearningRateShape.Plateau,
                    FallingShare = 0.12,
                },
                Optimizer = new AdamWOptions { Beta2 = 0.99, WeightDecay = 0 },
                Muon = PocketModel.Muon,
                AverageDecay = 0.998,
                Workers = PocketModel.Workers,
                LogEvery = 100,
                ValidateEvery = 2500,
            }
        );
        trainer.Run(
            step =>
            {
                var whole = step.Progress >= WholeFrom;
                var loss = new AutoencoderLoss
                {
                    Anchor = step.Progress < 0.5 ? 0.1 : 0.01,
                    TrainEncoder = trainEncoder,
                    Compute = PocketModel.Compute,
                };
                return loss.Of(
                    autoencoder,
                    whole ? Pictures(training, step.Random, 1) : Crops(training, step.Random),
                    step.Generator
                );
            },
            progress => Console.Error.WriteLine(progress),
            () => MetricLine.Shown(RoundTrip(autoencoder, validation)),
            cancellationToken
        );
    }

    /// <summary>
    /// What the round trip keeps, as means over all pictures of a cache: peak signal-to-noise ratio in dB, F1 of the
    /// Canny edges.
    /// </summary>
    private static Dictionary<string, double> RoundTrip(Autoencoder autoencoder, PictureCache pictures)
    {
        var (psnr, edges) = (0.0, 0.0);
        for (var first = 0; first < pictures.Count; first += ValidationBatch)
        {
            using var scope = NewDisposeScope();
            var batch = pictures.Batch([.. Enumerable.Range(first, Math.Min(ValidationBatch, pictures.Count - first))]);
            var (mean, _) = autoencoder.Encode(WhitenedColour.FromRgb(batch).to(PocketModel.Compute));
            var decoded = WhitenedColour.ToRgb(autoencoder.Decode(mean).to(ScalarType.Float32)).AtLeast(-1).AtMost(1);
            psnr += (decoded - batch).Over(2).square().mean([1, 2, 3]).log10().Times(-10).sum().item<float>();
            edges += PictureTensors.FromTensor(decoded).Zip(PictureTensors.FromTensor(batch), EdgeF1).Sum();
        }

        return new Dictionary<string, double> { ["psnr"] = psnr / pictures.Count, ["edgeF1"] = edges / pictures.Count };
    }

    private static double EdgeF1(Picture found, Picture original)
    {
        var reference = Canny.Detect(original, CannyLow, CannyHigh);
        return EdgeAgreement.F1(
            Canny.Detect(found, CannyLow, CannyHigh),
            reference,
            EdgeAgreement.ToleranceFor(reference)
        );
    }

    private static Tensor Pictures(PictureCache cache, Random random, int count) =>
        cache.Batch(
            [.. Enumerable.Range(0, count).Select(_ => random.Next(cache.Count))],
            [.. Enumerable.Range(0, count).Select(_ => random.Next(2) == 0)]
        );

    private static Tensor Crops(PictureCache cache, Random random)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (random.Next(cache.Size - CropSize + 1), random.Next(cache.Size - CropSize + 1));
        return Pictures(cache, random, CropBatch)
            .narrow(2, y, CropSize)
            .narrow(3, x, CropSize)
            .contiguous()
            .MoveToOuterDisposeScope();
    }
}
