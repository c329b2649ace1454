using System.Collections.Concurrent;
using ControlNetSharp.Annotators;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Examples whose hints vary as those that people bring do: exact ones and those of every annotator that works with
/// nothing downloaded in turn, each changed by <see cref="HintVariation"/>.
/// </summary>
internal sealed class VariedHints : IDisposable
{
    /// <summary>
    /// Annotators of finished drawings, one that sees the dark lines of photographs, of which scenes have hardly any,
    /// and one that sees the people in photographs.
    /// </summary>
    private static readonly string[] NotOfScenes = ["invert", "scribble_drawing", "scribble_xdog", "movenet"];

    private readonly NetworkShelf _shelf = new();
    private readonly ConcurrentDictionary<string, Lazy<IAnnotator>> _annotators = new(StringComparer.Ordinal);

    /// <summary>The example of a seed, so many pixels a side. Threads may ask at the same time.</summary>
    /// <param name="hints">The condition.</param>
    /// <param name="seed">The scene.</param>
    /// <param name="size">Pixels a side.</param>
    public MadeExample Make(SceneHints hints, long seed, int size)
    {
        var random = new Random(seed.GetHashCode());
        var annotators = AnnotatorCatalogue
            .All.Where(info => info.Kind == hints.Condition && !info.NeedsDownload && !NotOfScenes.Contains(info.Name))
            .ToList();
        // Where the hint is not exact, the default annotator that made it is one of these.
        var source = random.Next(annotators.Count + (hints.IsExact ? 1 : 0));
        var example = hints.IsExact ? hints.Make(seed, size) : SceneHints.Unannotated(seed, size);
        var hint = source < annotators.Count ? Annotated(annotators[source], example.Picture, random) : example.Hint;
        return example with { Hint = HintVariation.Apply(hints.Condition, hint, random) };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var annotator in _annotators.Values)
        {
            annotator.Value.Dispose();
        }

        _shelf.Dispose();
    }

    private IAnnotator Create(string name) =>
        AnnotatorCatalogue.Create(name, AnnotatorFiles.None, _shelf, PlacementPolicy.Cpu);

    private Picture Annotated(AnnotatorInfo info, Picture picture, Random random)
    {
        var annotator = _annotators.GetOrAdd(info.Name, name => new Lazy<IAnnotator>(() => Create(name))).Value;
        return annotator.Annotate(picture, info.Kind == "canny" ? Thresholds(info, random) : null);
    }

    private static AnnotatorOptions Thresholds(AnnotatorInfo canny, Random random)
    {
        var low = random.Next(40, 161);
        return new AnnotatorOptions(
            canny,
            new Dictionary<string, double> { ["low"] = low, ["high"] = low + random.Next(20, 96) }
        );
    }
}
