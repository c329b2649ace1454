using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using static TorchSharp.torch;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// Measures ControlNets: real pictures give hints and prompts, the generator makes pictures with control and one
/// without from the same seed, and the annotator of each kind looks whether the
/// condition is found again in them. Beside it a classifier looks whether they show what the prompt names, and how far
/// they are from real pictures, so that control is not bought with either.
/// </summary>
/// <param name="model">The model that is controlled; borrowed.</param>
/// <param name="controls">
/// A ControlNet for each kind that is measured; borrowed. Kinds are those of <see cref="ConditionMetric.All"/>.
/// </param>
/// <param name="options">How it is measured.</param>
internal sealed class ControlEvaluation(
    DiffusionModel model,
    IReadOnlyDictionary<string, ControlNetwork> controls,
    EvaluationOptions options
)
{
    private readonly Trials _trials = new(controls, options.WithCombinations);

    /// <summary>The groups of scenes on which the kinds are measured.</summary>
    public IReadOnlyCollection<SceneGroup> Groups =>
        [.. _trials.Questions.Select(question => question.Group).Distinct().Order()];

    /// <summary>Measures on pictures, of which no more are in memory than are worked on.</summary>
    /// <param name="references">
    /// Real pictures with prompts, at sizes that the generator can make. Borrowed; each is asked for once.
    /// </param>
    /// <param name="onPicture">Told after each of them how many are done; by one thread at a time.</param>
    /// <param name="onPictures">Given the pictures of each; by any thread.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <returns>The same pictures give the same report, whichever thread was first.</returns>
    /// <exception cref="ArgumentException">There is no picture.</exception>
    /// <exception cref="FileNotFoundException">The weights of an annotator are in none of the folders.</exception>
    public EvaluationReport Run(
        IEnumerable<ReferencePicture> references,
        Action<int>? onPicture = null,
        Action<EvaluatedPictures>? onPictures = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(references);
        // A network that several annotators read is loaded once.
        using var shelf = new NetworkShelf();
        var (makers, readers) = (new Dictionary<string, IAnnotator>(), new Dictionary<string, IAnnotator>());
        IAnnotator Create(string name) =>
            AnnotatorCatalogue.Create(name, options.Annotators, shelf, PlacementPolicy.Cpu);
        try
        {
            foreach (var kind in _trials.Singles.Select(trial => trial.Name))
            {
                var metric = ConditionMetric.Of(kind);
                var reader = readers[kind] = Create(metric.Annotator);
                makers.Add(kind, metric.HintAnnotator == metric.Annotator ? reader : Create(metric.HintAnnotator));
            }

            var (tallies, counts, counting, done) = (
                new Tallies(_trials),
                new Dictionary<SceneGroup, int>(),
                new Lock(),
                0
            );
            SideBySide.Compute(
                references,
                options.Workers,
                (reference, index) =>
                {
                    var pictures = Measure(reference, index, makers, readers, tallies, cancellationToken);
                    onPictures?.Invoke(pictures);
                    lock (counting)
                    {
                        foreach (var group in reference.Groups)
                        {
                            counts[group] = counts.GetValueOrDefault(group) + 1;
                        }

                        onPicture?.Invoke(++done);
                    }
                },
                cancellationToken
            );
            return done == 0
                ? throw new ArgumentException("There is no picture to evaluate on.", nameof(references))
                : new ReportWriter(
                    _trials,
                    tallies,
                    counts,
                    options.Classifier is null ? null : RealFeatures(options.Classifier, cancellationToken)
                ).Write();
        }
        finally
        {
            foreach (var annotator in makers.Values.Union(readers.Values))
            {
                annotator.Dispose();
            }
        }
    }

    /// <param name="reference">A real picture.</param>
    /// <param name="index">Its number.</param>
    /// <param name="makers">The annotators that make the hints, by kind.</param>
    /// <param name="readers">Those that look for the conditions in pictures, by kind.</param>
    /// <param name="tallies">Where the scores go.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    private EvaluatedPictures Measure(
        ReferencePicture reference,
        int index,
        Dictionary<string, IAnnotator> makers,
        Dictionary<string, IAnnotator> readers,
        Tallies tallies,
        CancellationToken cancellationToken
    )
    {
        var truths = _trials
            .Questions.Where(question => reference.Groups.Contains(question.Group))
            .Select(question => question.Kind)
            .Distinct()
            .ToDictionary(kind => kind, kind => Truth(kind, makers[kind], reference));
        var (generator, prompt) = (new PictureGenerator(model), PromptContent.Of(reference.Prompt));
        var request = new GenerationRequest
        {
            Prompt = reference.Prompt,
            Seed = reference.Seed,
            Size = (reference.Picture.Width, reference.Picture.Height),
            Sampler = options.Sampling.Sampler,
            Scheduler = options.Sampling.Scheduler,
            Steps = options.Sampling.Steps,
            GuidanceScale = options.GuidanceScale,
        };
        Picture Made(IReadOnlyList<PreparedControl> units) =>
            generator.Generate(request, units, cancellationToken: cancellationToken).Pictures[0];
        void Judge(Trial source, Picture picture)
        {
            foreach (var (kind, truth) in truths)
            {
                var asking = reference
                    .Groups.Select(group => tallies.Condition(source, kind, group))
                    .OfType<ConditionTally>()
                    .ToList();
                if (asking.Count > 0)
                {
                    var found = HintReading.Of(readers[kind], picture);
                    asking.ForEach(tally => tally.Add(index, found, truth));
                }
            }

            var counting = reference
                .Groups.Select(group => tallies.Fidelity(source, group))
                .OfType<FidelityTally>()
                .ToList();
            if (counting.Count > 0 && options.Classifier?.Look(picture) is { } view)
            {
                counting.ForEach(tally => tally.Add(index, view, prompt, reference.Labels));
            }
        }

        Judge(Tallies.Real, reference.Picture);
        Judge(Tallies.RoundTrip, RoundTrip(reference.Picture));
        var without = Made([]);
        Judge(Tallies.WithoutControl, without);
        var controlled = new List<ControlledPicture>();
        foreach (var trial in _trials.All.Where(trial => reference.Groups.Any(trial.Groups.Contains)))
        {
            PreparedControl[] units =
            [
                .. trial.Units.Select(unit => new PreparedControl
                {
                    ControlNet = unit.ControlNet,
                    Kind = unit.Kind,
                    Hint = unit.HintOf(truths[unit.Kind].Hint),
                    Region = unit.Region(reference.Picture.Width, reference.Picture.Height),
                    Strength = new ControlStrength { Weight = unit.Weight },
                }),
            ];
            var picture = Made(units);
            Judge(trial, picture);
            controlled.Add(new ControlledPicture(trial.Name, [.. units.Select(unit => unit.Hint)], picture));
        }

        return new EvaluatedPictures(index, reference, without, controlled);
    }

    /// <summary>
    /// The condition of a real picture: of a scene the hint that datasets have, of other pictures what the kind's
    /// annotator for hints finds.
    /// </summary>
    internal static HintReading Truth(string kind, IAnnotator annotator, ReferencePicture reference) =>
        reference.Truth is { } truth && TruthHints.Of(kind) is { } hint
            ? new HintReading(hint(truth, truth.Picture.Width), truth.Pose, i => float.IsFinite(truth.Depth[i]))
            : HintReading.Of(annotator, reference.Picture);

    private Picture RoundTrip(Picture picture)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return PictureTensors.FromTensor(
            model.Autoencoder.Decode(
                model
                    .Autoencoder.Encode(
                        PictureTensors.ToPicture(picture).to(model.Placement.Dtype).to(model.Placement.Device)
                    )
                    .Mean
            )
        )[0];
    }

    /// <summary>The features of real pictures of other scenes, for each group.</summary>
    private Dictionary<SceneGroup, float[][]> RealFeatures(
        SceneClassifier classifier,
        CancellationToken cancellationToken
    )
    {
        var features = new Dictionary<SceneGroup, float[][]>();
        foreach (var group in Groups.Where(_ => options.RealScenes > 0))
        {
            var seeds = EvaluationScenes.Seeds(group, options.RealScenes, EvaluationScenes.FirstRealSeed);
            var rows = features[group] = new float[seeds.Count][];
            SideBySide.Compute(
                seeds,
                options.Workers,
                (seed, index) =>
                    rows[index] = classifier
                        .Look(SceneRenderer.Render(Scene.FromSeed(seed), model.NativeSize))
                        .Features,
                cancellationToken
            );
        }

        return features;
    }
}
