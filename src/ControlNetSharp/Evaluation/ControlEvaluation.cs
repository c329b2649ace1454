using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using static TorchSharp.torch;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// Measures a ControlNet on real pictures: each gives hint and prompt, the generator makes a picture with control and one without from the same seed, and the annotator looks
/// whether the hint is found again in them.
/// </summary>
/// <param name="model">The model that is controlled; borrowed.</param>
public sealed class ControlEvaluation(DiffusionModel model)
{
    private readonly PictureGenerator _generator = new(model);

    /// <summary>Scores edges by their F1, <see cref="EdgeAgreement"/>.</summary>
    /// <param name="controlNet">The ControlNet for Canny edges.</param>
    /// <param name="references">Real pictures with prompts, at sizes that the generator can make. Borrowed; each is asked for once.</param>
    /// <param name="onPicture">Told after each picture: its number from 1.</param>
    /// <param name="cancellationToken">Looked at before each step.</param>
    /// <exception cref="ArgumentException">There is no picture.</exception>
    public ControlScore Canny(ControlNet controlNet, IEnumerable<ReferencePicture> references, Action<int>? onPicture = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(references);
        using var annotator = new CannyAnnotator();
        var rows = new List<(double With, double Without, double RoundTrip)>();
        foreach (var reference in references)
        {
            var hint = annotator.Annotate(reference.Picture);
            double Score(Picture picture) => EdgeAgreement.F1(annotator.Annotate(picture), hint, EdgeAgreement.ToleranceFor(hint));
            var request = new GenerationRequest
            {
                Prompt = reference.Prompt,
                Seed = rows.Count,
                Size = (reference.Picture.Width, reference.Picture.Height),
                Units = [new ControlUnit { ControlNet = controlNet, Hint = hint }],
            };
            rows.Add((
                Score(_generator.Generate(request, cancellationToken: cancellationToken).Pictures[0]),
                Score(_generator.Generate(request with { Units = [] }, cancellationToken: cancellationToken).Pictures[0]),
                Score(RoundTrip(reference.Picture))));
            onPicture?.Invoke(rows.Count);
        }

        return rows.Count == 0 ? throw new ArgumentException("There is no picture to evaluate on.", nameof(references))
            : new ControlScore("canny", "edge F1", rows.Average(r => r.With), rows.Average(r => r.Without), rows.Average(r => r.RoundTrip), ScoreOfRealPictures: 1);
    }

    private Picture RoundTrip(Picture picture)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return PictureTensors.FromTensor(model.Autoencoder.Decode(model.Autoencoder.Encode(PictureTensors.ToPicture(picture).to(model.Placement.Dtype).to(model.Placement.Device)).Mean))[0];
    }
}
