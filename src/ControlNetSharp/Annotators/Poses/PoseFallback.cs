using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>A pose annotator, and another one that looks where it sees nobody. Both are its own.</summary>
internal sealed class PoseFallback(IAnnotator first, IAnnotator second) : IAnnotator, IPoseDetector
{
    /// <inheritdoc/>
    public AnnotatorInfo Info => first.Info;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => PoseDrawing.Draw(Detect(picture, options, cancellationToken));

    /// <inheritdoc/>
    public PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var pose = ((IPoseDetector)first).Detect(picture, options, cancellationToken);
        if (pose.People.Count > 0)
        {
            return pose;
        }

        // The options are those of the first. Where nobody is found at all, it is the first that says so.
        var other = ((IPoseDetector)second).Detect(picture, options: null, cancellationToken);
        return other.People.Count > 0 ? other : pose;
    }

    /// <summary>Both.</summary>
    public void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }
}
