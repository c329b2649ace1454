using ControlNetSharp.Runtime;
using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using ControlNetSharp.Training.Datasets;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

/// <summary>The score of every kind on conditions whose score is known: the scene's own, moved ones, none.</summary>
public class ConditionMetricTests
{
    private const int Size = 128;

    public static TheoryData<string> Kinds => [.. ConditionMetric.All.Select(metric => metric.Kind)];

    [Fact]
    public void Metrics_AreThereForEveryKindOfHint_AndNameTheOthers()
    {
        Assert.Equal(ConditionKind.All.Select(kind => kind.Name).TakeWhile(name => name != "tile"), ConditionMetric.All.Select(metric => metric.Kind));
        var e = Assert.Throws<UnknownNameException>(() => ConditionMetric.Of("hint"));
        Assert.Contains("'hint': there is no score for this kind; must be canny, hough", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Annotator_OfAMetric_WorksWithNothingDownloaded(string kind)
    {
        using var annotator = AnnotatorCatalogue.Create(ConditionMetric.Of(kind).Annotator);
        Assert.False(annotator.Info.NeedsDownload);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Truth_OfAScene_IsTheHintThatDatasetsHave_AndReachesTheCeiling(string kind)
    {
        var (truth, seed) = Truth(kind);
        Assert.Equal(SceneHints.Find(kind)!.Make(seed, Size).Hint.Bytes(), truth.Hint.Bytes());
        Assert.Equal(ConditionMetric.Of(kind).HigherIsBetter ? 1 : 0, Score(kind, truth, truth), kind == "normal" ? 0.02 : 1e-9);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Condition_MovedByAThirdOrMissing_IsFarFromTheCeiling(string kind)
    {
        var truth = Truth(kind).Reading;
        var (moved, blank) = (Score(kind, Moved(truth, Size / 3), truth), Score(kind, new HintReading(new Picture(Size, Size, new byte[3 * Size * Size]), new PoseKeypoints(Size, Size, [])), truth));
        if (ConditionMetric.Of(kind).HigherIsBetter)
        {
            Assert.InRange(moved, 0, 0.75);
            Assert.Equal(0, blank, 12);
        }
        else
        {
            Assert.True(moved > (kind == "normal" ? 5 : 0.1), $"{moved}");
            Assert.True(blank > (kind == "normal" ? 5 : 0.1), $"{blank}");
        }
    }

    [Theory]
    [InlineData("canny")]
    [InlineData("hed")]
    [InlineData("scribble")]
    public void Lines_MovedByOnePixel_AreStillTheSameAt128(string kind)
    {
        var truth = Truth(kind).Reading;
        Assert.InRange(Score(kind, Moved(truth, 1), truth), 0.95, 1);
    }

    [Fact]
    public void People_OfEvaluatedPictures_AreReadAndMadeByTheNetworkOfDrawnPeople()
    {
        var metric = ConditionMetric.Of("pose");
        Assert.Equal(("openpose_pocket", "openpose_pocket"), (metric.Annotator, metric.HintAnnotator));
        Assert.Equal(("hough_pocket", "hough"), (ConditionMetric.Of("hough").Annotator, ConditionMetric.Of("hough").HintAnnotator));
    }

    [Fact]
    public void Scores_OverSeveralPictures_DoNotDependOnTheirOrder()
    {
        foreach (var metric in ConditionMetric.All)
        {
            var truth = Truth(metric.Kind).Reading;
            HintReading[] found = [truth, Moved(truth, 7), Moved(truth, 40)];
            var (forwards, backwards) = (metric.NewTally(), metric.NewTally());
            for (var i = 0; i < found.Length; i++)
            {
                forwards.Add(i, found[i], truth);
                backwards.Add(found.Length - 1 - i, found[^(i + 1)], truth);
            }

            Assert.Equal(forwards.Score, backwards.Score);
        }
    }

    [Fact]
    public void Disparity_IsComparedAfterScaleAndShift_AndTheWrongWayRoundIsWorthNothing()
    {
        var ramp = TestPictures.Of(16, 16, (x, _) => ((byte)(16 * x), (byte)(16 * x), (byte)(16 * x)));
        Picture Mapped(Func<byte, int> map) => new(16, 16, [.. ramp.Bytes().Select(value => (byte)map(value))]);
        Assert.Equal(0, DisparityAgreement.AbsoluteRelativeError(ramp, ramp)!.Value, 12);
        Assert.Equal(0, DisparityAgreement.AbsoluteRelativeError(Mapped(value => value / 2 + 20), ramp)!.Value, 12);
        // Levels 0, 16 … 240: their mean is 120, and the mean distance from it 64.
        Assert.Equal(64 / 120.0, DisparityAgreement.AbsoluteRelativeError(Mapped(_ => 50), ramp)!.Value, 12);
        Assert.Equal(64 / 120.0, DisparityAgreement.AbsoluteRelativeError(Mapped(value => 240 - value), ramp)!.Value, 12);
        Assert.Null(DisparityAgreement.AbsoluteRelativeError(ramp, Mapped(_ => 0)));
        Assert.Contains("16 x 16 and 8 x 16", Assert.Throws<ArgumentException>(() => DisparityAgreement.AbsoluteRelativeError(ramp, TestPictures.Square(8, 16))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ColoursOfHints_AreReadBack()
    {
        byte[] labels = [0, 1, 2, 12, 149, 20];
        Assert.Equal(labels, Ade20kPalette.LabelsOf(Ade20kPalette.Paint(labels, 3, 2)));
        Assert.Equal([150], Ade20kPalette.LabelsOf(new Picture(1, 1, [1, 2, 3])));
        var (x, y, z) = NormalColours.DirectionAt(NormalColours.Paint(_ => (0.6f, 0, 0.8f), 1, 1), 0);
        Assert.Equal(0.6f, x, 0.01f);
        Assert.Equal(0, y, 0.01f);
        Assert.Equal(0.8f, z, 0.01f);
    }

    private static double Score(string kind, HintReading found, HintReading truth)
    {
        var tally = ConditionMetric.Of(kind).NewTally();
        tally.Add(0, found, truth);
        return tally.Score!.Value;
    }

    /// <summary>Of the first scene whose hint is not black.</summary>
    private static (HintReading Reading, long Seed) Truth(string kind)
    {
        var group = Trials.GroupOf([kind]);
        using var annotator = AnnotatorCatalogue.Create(AnnotatorCatalogue.DefaultOf(ConditionKind.Find(kind)).Name);
        return EvaluationScenes.Seeds(group, 40).Select(seed => (ControlEvaluation.Truth(kind, annotator, EvaluationScenes.Reference(seed, [group], Size)), seed))
            .First(scene => scene.Item1.Hint.Bytes().Any(level => level > 0));
    }

    /// <summary>Moved to the right; what leaves there comes in on the left.</summary>
    private static HintReading Moved(HintReading reading, int pixels) => new(
        TestPictures.Of(Size, Size, (x, y) => reading.Hint.At((x + Size - pixels) % Size, y)),
        reading.People is null ? null : new PoseKeypoints(Size, Size, [.. reading.People.People.Select(person => new PosePerson([.. person.Body.Select(point => point is { } p ? new PosePoint(p.X + pixels, p.Y) : (PosePoint?)null)]))]));
}
