using ControlNetSharp.Evaluation;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.PocketTraining;

/// <summary>Trains the classifier by which generated pictures are compared with their prompts.</summary>
internal static class ClassifierTraining
{
    private const int BatchSize = 8;

    /// <summary>The most of a picture's side that a crop leaves out.</summary>
    private const double MostCropped = 0.12;

    public static void Run(
        string folder,
        PictureCache training,
        PictureCache validation,
        long firstValidationSeed,
        long steps,
        double rate,
        int workers,
        CancellationToken cancellationToken
    )
    {
        using var network = new SceneClassifierNetwork(Placement.Cpu32);
        WeightInitialisation.Initialise(network, seed: 11);
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
                Optimizer = new AdamWOptions { Beta2 = 0.99, WeightDecay = 0.02 },
                AverageDecay = 0.997,
                Muon = PocketModel.Muon,
                Workers = workers,
                LogEvery = 50,
                ValidateEvery = 500,
            }
        );
        // The seeds of the training pictures are their numbers.
        var (labels, known) = (Labels(0, training.Count), Labels(firstValidationSeed, validation.Count));
        trainer.Run(
            step =>
            {
                int[] indices = [.. Enumerable.Range(0, BatchSize).Select(_ => step.Random.Next(training.Count))];
                var pictures = training.Batch(indices, [.. indices.Select(_ => step.Random.Next(2) == 0)]);
                return SceneClassifierLoss.Of(
                    network.Forward(Varied(pictures, step).to(PocketModel.Compute)),
                    [.. indices.Select(i => labels[i])]
                );
            },
            progress => Console.Error.WriteLine(progress),
            () => MetricLine.Shown(Accuracy(network, validation, known)),
            cancellationToken
        );
    }

    /// <summary>
    /// The trained network, whose odds of things are moved so that it says as many of them as there are: trained on
    /// many absent things, it would leave out half of those that it sees in part.
    /// </summary>
    public static SceneClassifierNetwork Calibrated(string folder, PictureCache validation, long firstValidationSeed)
    {
        var network = new SceneClassifierNetwork(Placement.Cpu32);
        Trainer.LoadAverage(folder, PocketWeights.Named(network, ""));
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var odds = Enumerable
            .Range(0, validation.Count)
            .SelectMany(i => network.Forward(validation.Batch([i], [false])).Things.data<float>().ToArray())
            .OrderDescending();
        var even = odds.ElementAt(Labels(firstValidationSeed, validation.Count).Sum(label => label.Things.Count));
        // The things are the last of the heads.
        var (bias, things) = (network.get_parameter("heads.bias")!, SceneVocabulary.Things.Count);
        bias.narrow(0, bias.shape[0] - things, things).subtract_(tensor(even));
        return network;
    }

    private static SceneLabels[] Labels(long firstSeed, int count) =>
        [.. Enumerable.Range(0, count).Select(i => SceneLabels.Of(Scene.FromSeed(firstSeed + i)))];

    /// <summary>
    /// Generated pictures are softer, of other contrast and not quite in place: crops, brightness, contrast, a little
    /// colour, softness and noise vary. Colours stay what their names say.
    /// </summary>
    private static Tensor Varied(Tensor pictures, TrainingStep step)
    {
        using var scope = NewDisposeScope();
        float[] Drawn(double centre, double spread, int count) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(centre + spread * (2 * step.Random.NextDouble() - 1)))];
        long size = pictures.shape[3];
        var cropped = (long)(size * (1 - MostCropped * step.Random.NextDouble()));
        var (x, y) = (step.Random.NextInt64(size - cropped + 1), step.Random.NextInt64(size - cropped + 1));
        var cut = pictures.narrow(2, y, cropped).narrow(3, x, cropped);
        var seen =
            step.Random.Next(3) == 0 ? interpolate(cut, size: [size / 2, size / 2], mode: InterpolationMode.Area) : cut;
        var resized = interpolate(
            seen.contiguous(),
            size: [size, size],
            mode: InterpolationMode.Bilinear,
            align_corners: false
        );
        var contrast = tensor(Drawn(1, 0.15, BatchSize)).view(-1, 1, 1, 1);
        var brightness = tensor(Drawn(0, 0.08, BatchSize)).view(-1, 1, 1, 1);
        var colour = tensor(Drawn(0, 0.03, 3 * BatchSize)).view(-1, 3, 1, 1);
        var noise = tensor(Drawn(0.02, 0.02, BatchSize)).view(-1, 1, 1, 1);
        var varied = (resized * contrast)
            .Plus(brightness)
            .Plus(colour)
            .Plus(noise * randn(resized.shape, generator: step.Generator));
        return varied.AtLeast(-1).AtMost(1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Share of the pictures whose class each head finds; of the things those that are there and found, and those that
    /// are found and there.
    /// </summary>
    private static Dictionary<string, double> Accuracy(
        SceneClassifierNetwork network,
        PictureCache pictures,
        SceneLabels[] labels
    )
    {
        // Not disposed: the network is the trainer's.
        var classifier = new SceneClassifier(network);
        var views = Enumerable
            .Range(0, pictures.Count)
            .Select(i => (View: classifier.Look(pictures.Picture(i)), Label: labels[i]))
            .ToList();
        double Share(Func<SceneView, SceneLabels, bool> isRight) =>
            views.Average(row => isRight(row.View, row.Label) ? 1.0 : 0);
        var coloured = views.Where(row => row.Label.Colour is not null).ToList();
        var said = views.Sum(row => row.View.Things.Count(there => there));
        var right = views.Sum(row => row.Label.Things.Count(thing => row.View.Things[thing]));
        return new Dictionary<string, double>
        {
            ["kind"] = Share((view, label) => view.Kind == label.Kind),
            ["time"] = Share((view, label) => view.Time == label.Time),
            ["style"] = Share((view, label) => view.Style == label.Style),
            ["colour"] = coloured.Average(row => row.View.Colour == row.Label.Colour ? 1.0 : 0),
            ["thingsFound"] = (double)right / views.Sum(row => row.Label.Things.Count),
            ["thingsRight"] = (double)right / Math.Max(1, said),
        };
    }
}
