using ControlNetSharp.Scenes;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// The scenes on which models are measured. No training, neither of generators nor of annotators or classifiers, ever
/// uses their seeds.
/// </summary>
public static class EvaluationScenes
{
    /// <summary>The seed of the first scene.</summary>
    public const long FirstSeed = 1_000_000;

    /// <summary>
    /// The seed of the first scene of those that stand for real pictures when pictures are compared with real ones.
    /// </summary>
    public const long FirstRealSeed = 1_090_000;

    /// <summary>The most scenes of a group.</summary>
    public const int Most = 10_000;

    /// <summary>The first seeds of a group.</summary>
    /// <param name="group">All scenes, or those of people.</param>
    /// <param name="count">How many, 1 to 10 000.</param>
    /// <param name="first">Where to begin.</param>
    public static IReadOnlyList<long> Seeds(SceneGroup group, int count, long first = FirstSeed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Most);
        return
        [
            .. From(first)
                .Where(seed => group == SceneGroup.Any || Scene.FromSeed(seed).Attributes.Kind == SceneKind.People)
                .Take(count),
        ];
    }

    /// <summary>The seeds of several groups, each once, with the groups that it belongs to.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="count">Scenes of each, 1 to 10 000.</param>
    public static IReadOnlyList<(long Seed, IReadOnlyList<SceneGroup> Groups)> Of(
        IReadOnlyCollection<SceneGroup> groups,
        int count
    ) =>
        [
            .. groups
                .SelectMany(group => Seeds(group, count).Select(seed => (Seed: seed, Group: group)))
                .GroupBy(pair => pair.Seed, pair => pair.Group)
                .OrderBy(scene => scene.Key)
                .Select(scene => (scene.Key, (IReadOnlyList<SceneGroup>)[.. scene])),
        ];

    /// <summary>A scene as a reference, rendered.</summary>
    /// <param name="seed">Its seed; that of the pictures is how far it is from <see cref="FirstSeed"/>.</param>
    /// <param name="groups">The groups in which it counts.</param>
    /// <param name="size">Pixels a side, a multiple of 8.</param>
    public static ReferencePicture Reference(long seed, IReadOnlyList<SceneGroup> groups, int size)
    {
        var scene = Scene.FromSeed(seed);
        var truth = SceneRenderer.RenderTruth(scene, size);
        return new ReferencePicture(truth.Picture, scene.Caption, Math.Abs(seed - FirstSeed))
        {
            Truth = truth,
            Labels = SceneLabels.Of(scene),
            Groups = groups,
        };
    }

    private static IEnumerable<long> From(long first)
    {
        for (var seed = first; ; seed++)
        {
            yield return seed;
        }
    }
}
