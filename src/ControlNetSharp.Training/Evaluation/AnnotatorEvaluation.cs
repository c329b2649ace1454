using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;

namespace ControlNetSharp.Evaluation;

/// <summary>Measures the embedded annotators on scenes, whose truth is known.</summary>
internal static class AnnotatorEvaluation
{
    /// <summary>Scores what the embedded network sees.</summary>
    /// <param name="vision">The network. Borrowed.</param>
    /// <param name="seeds">The scenes.</param>
    /// <param name="size">Pixels a side at which they are rendered.</param>
    /// <param name="workers">Scenes that are worked on at a time.</param>
    /// <param name="onScene">Told after each scene how many are done; by one thread at a time.</param>
    /// <param name="cancellationToken">Looked at before each scene.</param>
    /// <returns>A row a kind: edges and areas over all scenes, skeletons over those of people.</returns>
    /// <exception cref="ArgumentException">There is no scene.</exception>
    public static IReadOnlyList<AnnotatorScore> Of(
        EmbeddedVision vision,
        IReadOnlyList<long> seeds,
        int size,
        int workers,
        Action<int>? onScene = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(vision);
        ArgumentNullException.ThrowIfNull(seeds);
        if (seeds.Count == 0)
        {
            throw new ArgumentException("There is no scene to evaluate on.", nameof(seeds));
        }

        var (areas, poses) = (new SegmentationAgreement(), new PoseAgreement());
        var rows = new Row[seeds.Count];
        var (adding, done) = (new Lock(), 0);
        SideBySide.Compute(
            seeds,
            workers,
            (seed, index) =>
            {
                var scene = Scene.FromSeed(seed);
                var truth = SceneRenderer.RenderTruth(scene, size);
                var view = vision.Look(truth.Picture);
                var edges = EdgesOf(truth.Edges, size);
                rows[index] = new Row(
                    EdgeAgreement.F1(
                        EdgesOf([.. view.Edges.Select(edge => edge >= 0.5f)], size),
                        edges,
                        EdgeAgreement.ToleranceFor(edges)
                    ),
                    DepthAgreement.AbsoluteRelativeError(view.Metres, truth.Depth),
                    NormalAgreement.MeanAngle(view.NormalAt, truth.Normals)
                );
                lock (adding)
                {
                    // Sums of whole numbers: the order of the threads does not matter.
                    areas.Add(view.Labels, truth.Segmentation);
                    if (scene.Attributes.Kind == SceneKind.People)
                    {
                        poses.Add(view.People, truth.Pose);
                    }

                    onScene?.Invoke(++done);
                }
            },
            cancellationToken
        );
        return
        [
            new("hed", "edge F1", rows.Average(row => row.EdgeF1), HigherIsBetter: true),
            new("pose", "PCK@0.1", poses.CorrectKeypoints, HigherIsBetter: true),
            new("segmentation", "mIoU", areas.MeanIntersectionOverUnion, HigherIsBetter: true),
            new("normal", "mean angle in degrees", rows.Average(row => row.Angle) ?? 0, HigherIsBetter: false),
            new("depth", "absolute relative error", rows.Average(row => row.DepthError) ?? 0, HigherIsBetter: false),
        ];
    }

    private static Picture EdgesOf(bool[] edges, int size) =>
        Greyscale.ToPicture([.. edges.Select(edge => edge ? byte.MaxValue : byte.MinValue)], size, size);

    /// <summary>The scores of one scene.</summary>
    private sealed record Row(double EdgeF1, double? DepthError, double? Angle);
}
