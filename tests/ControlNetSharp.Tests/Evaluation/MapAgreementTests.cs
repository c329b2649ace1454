using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Evaluation;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

/// <summary>Scores of depth, directions, areas and skeletons on maps whose score is known.</summary>
public class MapAgreementTests
{
    [Fact]
    public void Depth_OfAnotherScale_IsNoError_AndTheSkyDoesNotCount()
    {
        float[] truth = [1, 2, 4, float.PositiveInfinity];
        Assert.Equal(0, DepthAgreement.AbsoluteRelativeError([3, 6, 12, 1], truth)!.Value, 6);
        // Scaled by the medians, only the last of three is wrong, by half of its depth.
        Assert.Equal(0.5 / 3, DepthAgreement.AbsoluteRelativeError([1, 2, 6, 9], truth)!.Value, 6);
        Assert.Null(DepthAgreement.AbsoluteRelativeError([1], [float.PositiveInfinity]));
        Assert.Throws<ArgumentException>(() => DepthAgreement.AbsoluteRelativeError([1], truth));
    }

    [Fact]
    public void Normals_AreComparedByTheirAngle_AndTheSkyDoesNotCount()
    {
        float[] truth = [0, 0, 1, 0, 1, 0, 0, 0, 0];
        Assert.Equal(45, NormalAgreement.MeanAngle(_ => (0, 0, 1), truth)!.Value, 4);
        Assert.Equal(0, NormalAgreement.MeanAngle(i => i == 0 ? (0, 0, 1) : (0, 1, 0), truth)!.Value, 4);
        Assert.Null(NormalAgreement.MeanAngle(_ => (0, 0, 1), [0, 0, 0]));
    }

    [Fact]
    public void Areas_AreComparedClassByClass_OverAllPictures()
    {
        var areas = new SegmentationAgreement();
        Assert.Equal(1, areas.MeanIntersectionOverUnion);
        areas.Add([0, 0, 2, 2], [0, 0, 0, 2]);
        Assert.Equal((2 / 3.0 + 1 / 2.0) / 2, areas.MeanIntersectionOverUnion, 12);
        areas.Add([5, 5], [2, 2]);
        // Class 5 does not occur in truth, but takes pixels from class 2.
        Assert.Equal((2 / 3.0 + 1 / 4.0) / 2, areas.MeanIntersectionOverUnion, 12);
        Assert.Throws<ArgumentException>(() => areas.Add([1], [1, 2]));
    }

    [Fact]
    public void Poses_AreComparedWithinATenthOfThePersonsSize()
    {
        var poses = new PoseAgreement();
        Assert.Equal(1, poses.CorrectKeypoints);
        var truth = Person(0, 0);
        poses.Add(Of(Person(500, 0), Person(9, 0)), Of(truth));
        Assert.Equal(1, poses.CorrectKeypoints);
        poses.Add(Of(Person(11, 0)), Of(truth));
        Assert.Equal(0.5, poses.CorrectKeypoints);
        poses.Add(Of(), Of(truth, truth));
        Assert.Equal(0.25, poses.CorrectKeypoints);
        // Persons of few points are not asked for.
        poses.Add(Of(), Of(new PosePerson([new PosePoint(1, 1), .. new PosePoint?[17]])));
        Assert.Equal(0.25, poses.CorrectKeypoints);
    }

    /// <summary>Four points in a box of 50 x 100.</summary>
    private static PosePerson Person(double x, double y) =>
        new([new PosePoint(x, y), new PosePoint(x + 50, y), new PosePoint(x, y + 100), new PosePoint(x + 50, y + 100), .. new PosePoint?[14]]);

    private static PoseKeypoints Of(params PosePerson[] people) => new(1000, 1000, people);
}
