using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// The score of one condition kind over many pictures. Threads may add at the same time; the score does not depend on
/// who comes first.
/// </summary>
internal abstract class ConditionTally
{
    private readonly Lock _adding = new();

    /// <summary>The score over all pictures so far; null where there is none that has one.</summary>
    public abstract double? Score { get; }

    /// <summary>Adds a picture.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="found">The condition as it was found in the picture.</param>
    /// <param name="truth">The condition that the picture was to have.</param>
    public void Add(int index, HintReading found, HintReading truth)
    {
        lock (_adding)
        {
            Count(index, found, truth);
        }
    }

    protected abstract void Count(int index, HintReading found, HintReading truth);
}

/// <summary>The mean of the scores of the pictures.</summary>
/// <param name="score">The score of a picture: found, truth; null where it has none.</param>
internal sealed class MeanTally(Func<HintReading, HintReading, double?> score) : ConditionTally
{
    // In the order of the pictures, in which they are summed.
    private readonly SortedDictionary<int, double> _scores = [];

    public override double? Score => _scores.Count == 0 ? null : _scores.Values.Average();

    /// <summary>F1 of lines, within <see cref="EdgeAgreement.ToleranceFor"/>.</summary>
    public static double? Lines(HintReading found, HintReading truth) =>
        EdgeAgreement.F1(found.Hint, truth.Hint, EdgeAgreement.ToleranceFor(truth.Hint));

    /// <summary>Error of disparity, <see cref="DisparityAgreement"/>.</summary>
    public static double? Disparity(HintReading found, HintReading truth) =>
        DisparityAgreement.AbsoluteRelativeError(found.Hint, truth.Hint);

    /// <summary>Mean angle between directions where there is a surface, <see cref="NormalAgreement"/>.</summary>
    public static double? Angle(HintReading found, HintReading truth)
    {
        RequireOneSize(found.Hint, truth.Hint);
        var directions = new float[3 * truth.Hint.Width * truth.Hint.Height];
        for (var i = 0; 3 * i < directions.Length; i++)
        {
            if (truth.IsSolid?.Invoke(i) != false)
            {
                (directions[3 * i], directions[3 * i + 1], directions[3 * i + 2]) = NormalColours.DirectionAt(
                    truth.Hint,
                    i
                );
            }
        }

        return NormalAgreement.MeanAngle(i => NormalColours.DirectionAt(found.Hint, i), directions);
    }

    protected override void Count(int index, HintReading found, HintReading truth)
    {
        if (score(found, truth) is { } value)
        {
            _scores.Add(index, value);
        }
    }

    private static void RequireOneSize(Picture found, Picture truth)
    {
        if ((found.Width, found.Height) != (truth.Width, truth.Height))
        {
            throw new ArgumentException(
                $"The maps have {found.Width} x {found.Height} and {truth.Width} x {truth.Height} pixels; they must be "
                    + "of one size.",
                nameof(truth)
            );
        }
    }
}

/// <summary>
/// Mean intersection over union of areas, over all pictures together: <see cref="SegmentationAgreement"/>.
/// </summary>
internal sealed class AreaTally : ConditionTally
{
    private readonly SegmentationAgreement _areas = new();

    public override double? Score => _areas.MeanIntersectionOverUnion;

    protected override void Count(int index, HintReading found, HintReading truth) =>
        _areas.Add(Ade20kPalette.LabelsOf(found.Hint), Ade20kPalette.LabelsOf(truth.Hint));
}

/// <summary>Share of the key points that are found, over all pictures together: <see cref="PoseAgreement"/>.</summary>
internal sealed class PoseTally : ConditionTally
{
    private readonly PoseAgreement _poses = new();

    public override double? Score => _poses.CorrectKeypoints;

    protected override void Count(int index, HintReading found, HintReading truth) =>
        _poses.Add(PeopleOf(found), PeopleOf(truth));

    private static PoseKeypoints PeopleOf(HintReading reading) =>
        reading.People
        ?? throw new ArgumentException("The annotator of skeletons must tell their key points.", nameof(reading));
}
