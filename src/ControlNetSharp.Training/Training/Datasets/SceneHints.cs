using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// How the examples of one condition are made from scenes: exact hints where <see cref="TruthHints"/> has them; the
/// others come from annotators that need no weights.
/// </summary>
/// <param name="Condition">The condition kind, or <c>fill</c>.</param>
/// <param name="Make">The example of a seed, so many pixels a side. Threads may ask at the same time.</param>
/// <param name="IsExact">Whether the hint comes from what is known of the scene and not from an annotator.</param>
internal sealed record SceneHints(string Condition, Func<long, int, MadeExample> Make, bool IsExact)
{
    /// <summary>Seeds that lie so far apart are taken in turn until a scene has what is wanted.</summary>
    private const long SeedStride = 10_000_000;

    /// <summary>All conditions, in the order in which they are listed to people.</summary>
    public static IEnumerable<SceneHints> All =>
        ConditionKind
            .All.Where(kind => kind.TakesNetwork)
            .Select(kind => Of(kind.Name))
            .OfType<SceneHints>()
            .Append(new SceneHints(FillScene.Condition, FillScene.Make, IsExact: true));

    /// <summary>Finds a condition by name or alias, in any case; null where scenes give no hint of this kind.</summary>
    public static SceneHints? Find(string name)
    {
        var kind =
            ConditionKind
                .All.FirstOrDefault(kind => kind.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase))
                ?.Name
            ?? name;
        return All.FirstOrDefault(hints => hints.Condition.Equals(kind, StringComparison.OrdinalIgnoreCase));
    }

    private static SceneHints? Of(string kind)
    {
        var exact = TruthHints.Of(kind);
        var annotator = AnnotatorCatalogue.All.FirstOrDefault(info => info.Kind == kind && info.Weights is null);
        return exact is not null
                ? new SceneHints(
                    kind,
                    (seed, size) => OfTruth(kind == "pose" ? WithPeople(seed) : seed, size, exact),
                    IsExact: true
                )
            : annotator is not null
                ? new SceneHints(kind, (seed, size) => Annotated(seed, size, annotator.Name), IsExact: false)
            : null;
    }

    private static long WithPeople(long seed)
    {
        while (Scene.FromSeed(seed).Attributes.Kind != SceneKind.People)
        {
            seed += SeedStride;
        }

        return seed;
    }

    private static MadeExample OfTruth(long seed, int size, Func<SceneTruth, int, Picture> hint)
    {
        var scene = Scene.FromSeed(seed);
        var truth = SceneRenderer.RenderTruth(scene, size);
        return new MadeExample(hint(truth, size), truth.Picture, scene.Caption);
    }

    /// <summary>The picture of a scene, which stands for its hint, too, until an annotator has made one.</summary>
    public static MadeExample Unannotated(long seed, int size)
    {
        var scene = Scene.FromSeed(seed);
        var picture = SceneRenderer.Render(scene, size);
        return new MadeExample(picture, picture, scene.Caption);
    }

    private static MadeExample Annotated(long seed, int size, string annotatorName)
    {
        var example = Unannotated(seed, size);
        // Without weights an annotator costs nothing to make, so each thread has its own.
        using var annotator = AnnotatorCatalogue.Create(annotatorName);
        return example with { Hint = annotator.Annotate(example.Picture) };
    }
}
