using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Poses;

/// <summary>A pose annotator, and another one that looks where it sees nobody. Both are its own.</summary>
internal sealed class PoseFallback(PoseAnnotator first, PoseAnnotator second) : PoseAnnotator
{
    /// <inheritdoc/>
    public override AnnotatorInfo Info => first.Info;

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var pose = first.Detect(picture, options, cancellationToken);
        if (pose.People.Count > 0)
        {
            return pose;
        }

        // The options are those of the first. Where nobody is found at all, it is the first that says so.
        var other = second.Detect(picture, options: null, cancellationToken);
        return other.People.Count > 0 ? other : pose;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        first.Dispose();
        second.Dispose();
    }
}
