using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>The condition of a picture: as it is known, or as an annotator finds it.</summary>
/// <param name="Hint">The hint.</param>
/// <param name="People">The persons behind it, where the kind has some.</param>
/// <param name="IsSolid">Whether there is a surface at a pixel; everywhere when null.</param>
internal sealed record HintReading(Picture Hint, PoseKeypoints? People = null, Func<int, bool>? IsSolid = null)
{
    /// <summary>What an annotator finds in a picture.</summary>
    public static HintReading Of(IAnnotator annotator, Picture picture)
    {
        if (annotator is not PoseAnnotator detector)
        {
            return new HintReading(annotator.Annotate(picture));
        }

        var (hint, people) = detector.Look(picture);
        return new HintReading(hint, people);
    }
}
