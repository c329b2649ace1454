using ControlNetSharp.Evaluation;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.PocketTraining;

/// <summary>The loss by which the classifier of scenes learns.</summary>
public static class SceneClassifierLoss
{
    /// <summary>
    /// Most of the things are not there in any one picture; the sum over things counts as much as one of the other
    /// heads does, about.
    /// </summary>
    private const double ThingShare = 12;

    /// <summary>The loss on a batch.</summary>
    /// <param name="classes">What the network said.</param>
    /// <param name="labels">What is right, a row a picture.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">Another number of labels than of pictures.</exception>
    public static Tensor Of(SceneClasses classes, IReadOnlyList<SceneLabels> labels)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(labels);
        if (classes.Kinds.shape[0] != labels.Count)
        {
            throw new ArgumentException(
                $"There are {labels.Count} labels for {classes.Kinds.shape[0]} pictures.",
                nameof(labels)
            );
        }

        using var scope = NewDisposeScope();
        Tensor Whole(Func<SceneLabels, int> label) => tensor(labels.Select(row => (long)label(row)).ToArray());
        var things = SceneVocabulary.Things.Count;
        var there = new float[labels.Count * things];
        foreach (var (row, label) in labels.Index())
        {
            foreach (var thing in label.Things)
            {
                there[row * things + thing] = 1;
            }
        }

        // Pictures whose caption names no colour do not teach any.
        var coloured = tensor(labels.Select(row => row.Colour is null ? 0f : 1).ToArray());
        var colours = functional.cross_entropy(
            classes.Colours,
            Whole(row => row.Colour ?? 0),
            reduction: Reduction.None
        );
        return functional
            .cross_entropy(classes.Kinds, Whole(row => (int)row.Kind))
            .Plus(functional.cross_entropy(classes.Times, Whole(row => (int)row.Time)))
            .Plus(functional.cross_entropy(classes.Styles, Whole(row => (int)row.Style)))
            .Plus((colours * coloured).sum() / coloured.sum().AtLeast(1))
            .Plus(
                functional
                    .binary_cross_entropy_with_logits(classes.Things, tensor(there, [labels.Count, things]))
                    .Times(ThingShare)
            )
            .MoveToOuterDisposeScope();
    }
}
