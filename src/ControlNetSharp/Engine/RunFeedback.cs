using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Engine;

/// <summary>Where a run tells what it sees and how far it is.</summary>
/// <param name="Warn">Gets each warning as soon as it is known.</param>
/// <param name="Progress">Gets each step; null for nobody.</param>
/// <param name="PreviewEvery">After how many steps a preview is made; 0 for never.</param>
internal sealed record RunFeedback(
    Action<RequestWarning> Warn,
    IProgress<GenerationProgress>? Progress,
    int PreviewEvery
)
{
    /// <summary>
    /// Seconds of sampling between two previews of a batch; the first one comes at once, for whoever ends it early.
    /// Default 0.
    /// </summary>
    public double PreviewPause { get; init; }

    /// <summary>
    /// Seconds of sampling that must be left for a preview to be worth the time it takes. Default 0.
    /// </summary>
    public double PreviewLead { get; init; }

    /// <summary>
    /// Gets the hints of the units before the first step, as their annotators made them, and again before each other
    /// picture of their rows; null for nobody.
    /// </summary>
    public Action<IReadOnlyList<Picture>>? Hints { get; init; }

    /// <summary>
    /// Likewise gets those of the second pass; null in it for a unit that does not act there. Not called without one.
    /// </summary>
    public Action<IReadOnlyList<Picture?>>? HiresHints { get; init; }

    /// <summary>The same for the batches of a model.</summary>
    public BatchFeedback For(DiffusionModel model, int batches, PreviewDecoders decoders) =>
        new(this, model, batches, decoders);
}

/// <summary>Turns the steps of batches into progress with previews.</summary>
internal sealed record BatchFeedback(RunFeedback Feedback, DiffusionModel Model, int Batches, PreviewDecoders Decoders)
{
    /// <summary>What is told of one batch; null where nobody listens.</summary>
    public Action<SamplingProgress>? Of(int batch)
    {
        if (Feedback.Progress is not { } progress)
        {
            return null;
        }

        var last = double.NegativeInfinity;
        return step =>
        {
            var isSeen =
                Feedback.PreviewEvery > 0
                && step.Step % Feedback.PreviewEvery == 0
                && step.Step < step.Steps
                && step.Seconds - last >= Feedback.PreviewPause
                && step.Seconds / step.Step * (step.Steps - step.Step) >= Feedback.PreviewLead;
            last = isSeen ? step.Seconds : last;
            progress.Report(
                new GenerationProgress(
                    batch,
                    Batches,
                    step.Step,
                    step.Steps,
                    step.Seconds,
                    isSeen ? LatentPreview.Of(step.Denoised, Model, Decoders.For(Model)) : null
                )
            );
        };
    }
}
