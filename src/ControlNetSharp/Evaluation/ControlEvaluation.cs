using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// Measures a ControlNet on real pictures: each gives hint and prompt, the generator makes a picture with control and one without from the same seed, and the annotator looks
/// whether the hint is found again in them.
/// </summary>
/// <param name="model">The model that is controlled; borrowed.</param>
/// <param name="workers">Pictures that are worked on at a time, each by a thread of its own. For narrow models two with one libtorch thread each are faster than one with two.</param>
public sealed class ControlEvaluation(DiffusionModel model, int workers = 1)
{
    /// <summary>Scores edges by their F1, <see cref="EdgeAgreement"/>.</summary>
    /// <param name="controlNet">The ControlNet for Canny edges.</param>
    /// <param name="references">Real pictures with prompts, at sizes that the generator can make. Borrowed; each is asked for once.</param>
    /// <param name="onPicture">Told after each picture how many are done; by one thread at a time.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <exception cref="ArgumentException">There is no picture.</exception>
    public ControlScore Canny(ControlNet controlNet, IEnumerable<ReferencePicture> references, Action<int>? onPicture = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(references);
        using var annotator = new CannyAnnotator();
        var (rows, adding) = (new SortedDictionary<int, Row>(), new Lock());
        SideBySide.Compute(
            references,
            workers,
            (reference, index) =>
            {
                var row = Measure(controlNet, annotator, index, reference, cancellationToken);
                lock (adding)
                {
                    rows.Add(index, row);
                    onPicture?.Invoke(rows.Count);
                }
            },
            cancellationToken);

        // Summed in order, so that the same pictures give the same score whoever was first.
        return rows.Count == 0 ? throw new ArgumentException("There is no picture to evaluate on.", nameof(references))
            : new ControlScore("canny", "edge F1", rows.Values.Average(r => r.With), rows.Values.Average(r => r.Without), rows.Values.Average(r => r.RoundTrip), ScoreOfRealPictures: 1);
    }

    private Row Measure(ControlNet controlNet, CannyAnnotator annotator, int index, ReferencePicture reference, CancellationToken cancellationToken)
    {
        var generator = new PictureGenerator(model);
        var hint = annotator.Annotate(reference.Picture);
        double Score(Picture picture) => EdgeAgreement.F1(annotator.Annotate(picture), hint, EdgeAgreement.ToleranceFor(hint));
        var request = new GenerationRequest
        {
            Prompt = reference.Prompt,
            Seed = index,
            Size = (reference.Picture.Width, reference.Picture.Height),
            Units = [new ControlUnit { ControlNet = controlNet, Hint = hint }],
        };
        return new Row(
            Score(generator.Generate(request, cancellationToken: cancellationToken).Pictures[0]),
            Score(generator.Generate(request with { Units = [] }, cancellationToken: cancellationToken).Pictures[0]),
            Score(RoundTrip(reference.Picture)));
    }

    private Picture RoundTrip(Picture picture)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return PictureTensors.FromTensor(model.Autoencoder.Decode(model.Autoencoder.Encode(PictureTensors.ToPicture(picture).to(model.Placement.Dtype).to(model.Placement.Device)).Mean))[0];
    }

    /// <summary>The scores of one picture.</summary>
    private sealed record Row(double With, double Without, double RoundTrip);
}
