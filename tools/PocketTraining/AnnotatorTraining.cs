using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains the network of the embedded annotators on scenes and what is known about them.</summary>
internal static class AnnotatorTraining
{
    private const int BatchSize = 4;
    private const int ValidationBatch = 8;

    /// <summary>
    /// The scenes: the first <paramref name="any"/> seeds, and beyond them scenes with people, which poses need more
    /// of.
    /// </summary>
    public static long[] Seeds(int any, int people) =>
        [
            .. Enumerable.Range(0, any).Select(seed => (long)seed),
            .. Enumerable
                .Range(any, int.MaxValue - any)
                .Where(seed => Scene.FromSeed(seed).Attributes.Kind == SceneKind.People)
                .Take(people)
                .Select(seed => (long)seed),
        ];

    public static void Run(
        string folder,
        SceneCache training,
        SceneCache validation,
        long steps,
        double rate,
        CancellationToken cancellationToken
    )
    {
        using var network = new EmbeddedNetwork(Placement.Cpu32);
        WeightInitialisation.Initialise(network, seed: 7);
        using var trainer = new Trainer(
            PocketWeights.Named(network, ""),
            new TrainerOptions
            {
                Folder = folder,
                Steps = steps,
                LearningRate = new LearningRate
                {
                    Peak = rate,
                    WarmUpSteps = 100,
                    Shape = LearningRateShape.Plateau,
                    FallingShare = 0.4,
                },
                Optimizer = new AdamWOptions { Beta2 = 0.99 },
                AverageDecay = 0.997,
                Muon = PocketModel.Muon,
                Workers = PocketModel.Workers,
                LogEvery = 50,
                ValidateEvery = 500,
            }
        );
        var balance = new ClassBalance(training.ClassPixels());
        trainer.Run(
            step =>
            {
                var truth = training.Batch([
                    .. Enumerable
                        .Range(0, BatchSize)
                        .Select(_ => (balance.Scene(step.Random.NextDouble()), step.Random.Next(2) == 0)),
                ]);
                var maps = network.Forward(Varied(truth.Pictures, step).to(PocketModel.Compute));
                return EmbeddedNetworkLoss.Of(maps, truth, step.Random.Next(2), step.Random.Next(2), balance.Weights);
            },
            progress => Console.Error.WriteLine(progress),
            () =>
                MetricLine.Shown(
                    new Dictionary<string, double> { ["validationLoss"] = Loss(network, validation, balance) }
                ),
            cancellationToken
        );
    }

    private static double Loss(EmbeddedNetwork network, SceneCache validation, ClassBalance balance)
    {
        var sum = 0.0;
        for (var first = 0; first < validation.Count; first += ValidationBatch)
        {
            using var scope = NewDisposeScope();
            var truth = validation.Batch([.. Enumerable.Range(first, ValidationBatch).Select(i => (i, false))]);
            sum +=
                EmbeddedNetworkLoss
                    .Of(network.Forward(truth.Pictures.to(PocketModel.Compute)), truth, 0, 0, balance.Weights)
                    .item<float>() * ValidationBatch;
        }

        return sum / validation.Count;
    }

    /// <summary>Photographs are not as clean as scenes: brightness, contrast, colour and noise vary.</summary>
    private static Tensor Varied(Tensor pictures, TrainingStep step)
    {
        using var scope = NewDisposeScope();
        float[] Drawn(double centre, double spread, int count) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(centre + spread * (2 * step.Random.NextDouble() - 1)))];
        var contrast = tensor(Drawn(1, 0.25, BatchSize)).view(-1, 1, 1, 1);
        var colour = tensor(Drawn(0, 0.12, 3 * BatchSize)).view(-1, 3, 1, 1);
        var saturation = tensor(Drawn(0.9, 0.3, BatchSize)).view(-1, 1, 1, 1);
        var noise = tensor(Drawn(0.03, 0.03, BatchSize)).view(-1, 1, 1, 1);
        var grey = pictures.mean([1], keepdim: true);
        var varied = (grey.Plus((pictures - grey) * saturation) * contrast)
            .Plus(colour)
            .Plus(noise * randn(pictures.shape, generator: step.Generator));
        return varied.AtLeast(-1).AtMost(1).MoveToOuterDisposeScope();
    }
}
