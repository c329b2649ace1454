using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Where hints are made: for the units of a picture, for a look at a hint alone, and for the sets of a training.
/// </summary>
/// <param name="files">Where annotators find their weights.</param>
/// <param name="shelf">
/// Where networks stand that annotators share; borrowed. Null for a network of its own for each hint.
/// </param>
/// <param name="device">Where networks compute: cpu (the default) or cuda:N.</param>
internal sealed class HintMaker(AnnotatorFiles files, NetworkShelf? shelf = null, string device = PlacementPolicy.Cpu)
{
    /// <summary>The picture itself where it is the hint, or what its annotator sees in it.</summary>
    /// <param name="source">What the hint is made of. Borrowed.</param>
    /// <param name="options">Values for the annotator's options.</param>
    /// <param name="resolution">
    /// Shorter side at which the annotator sees the picture, in pixels; null for what <paramref name="target"/> gives.
    /// </param>
    /// <param name="target">
    /// The size that the hint will be brought to, and how; the annotator then sees the picture at that scale, so that
    /// its lines are as
    /// thick as those that ControlNets know. Null for the picture as it is.
    /// </param>
    /// <param name="cancellationToken">Looked at before the annotator is loaded and while it looks.</param>
    /// <exception cref="FileNotFoundException">The annotator's weights are in none of the folders.</exception>
    /// <exception cref="Checkpoints.CheckpointException">Its weights cannot be used.</exception>
    public MadeHint Make(
        HintInput source,
        IReadOnlyDictionary<string, double> options,
        int? resolution = null,
        (int Width, int Height, ResizeMode Resize)? target = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.IsHint)
        {
            return new MadeHint(source.Picture, source.Pose, source.Annotator?.Name);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var picture =
            resolution is { } side ? PictureResizing.ToResolution(source.Picture, side)
            : target is { } size ? PictureResizing.ScaleFor(source.Picture, size.Width, size.Height, size.Resize)
            : source.Picture;
        // It is disposed after the annotator, which stands on it.
        using var own = shelf is null ? new NetworkShelf() : null;
        using var annotator = AnnotatorCatalogue.Create(source, files, shelf ?? own!, device);
        cancellationToken.ThrowIfCancellationRequested();
        var values = new AnnotatorOptions(annotator.Info, options);
        if (annotator is PoseAnnotator detector)
        {
            var (hint, pose) = detector.Look(picture, values, cancellationToken);
            return new MadeHint(hint, pose, pose.FoundBy);
        }

        return new MadeHint(annotator.Annotate(picture, values, cancellationToken), null, annotator.Info.Name);
    }

    /// <summary>
    /// What a source and the hint that was made of it look like, where that may not be what was meant.
    /// </summary>
    /// <returns>One sentence each.</returns>
    public static IEnumerable<string> Warnings(HintInput source, Picture hint)
    {
        ArgumentNullException.ThrowIfNull(source);
        // Of a file that is no picture the source is a hint that was made of it.
        var seen = source.Annotator is { } annotator
            ? HintCheck.WarningsOfMade(annotator, source.IsHint ? null : source.Picture, hint)
            : new[] { HintCheck.Warning(source.Kind, source.Picture) }.OfType<string>();
        return new[] { source.Reading }.OfType<string>().Concat(seen);
    }
}
