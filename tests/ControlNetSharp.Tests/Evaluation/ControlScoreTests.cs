using ControlNetSharp.Evaluation;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class ControlScoreTests
{
    [Theory]
    [InlineData(true, 0.6, 0.2, 0.9, 4 / 7.0)]
    [InlineData(true, 0.9, 0.2, 0.9, 1)]
    [InlineData(true, 0.2, 0.2, 0.9, 0)]
    [InlineData(false, 20, 40, 10, 2 / 3.0)]
    [InlineData(false, 50, 40, 10, -1 / 3.0)]
    public void Recovery_IsTheShareOfTheWayFromFloorToCeiling_InBothDirections(bool higherIsBetter, double score, double floor, double ceiling, double expected) =>
        Assert.Equal(expected, Of(higherIsBetter, score, floor, ceiling).Recovery!.Value, 12);

    [Theory]
    [InlineData(true, 0.5, 0.5, 0.5)]
    [InlineData(true, 0.5, 0.5, 0.4)]
    [InlineData(false, 5.0, 5.0, 6.0)]
    [InlineData(true, null, null, null)]
    public void Recovery_WhereThereIsNoWayFromFloorToCeiling_IsUnknown(bool higherIsBetter, double? score, double? floor, double? ceiling) =>
        Assert.Null(Of(higherIsBetter, score, floor, ceiling).Recovery);

    [Fact]
    public void Kept_IsTheRecoveryTogetherOfThatAlone()
    {
        Assert.Equal(0.5, new CombinedKind(Of(true, 0.4, 0.2, 1), Of(true, 0.6, 0.2, 1)).Kept!.Value, 12);
        Assert.Null(new CombinedKind(Of(true, 0.4, 0.2, 1), Of(true, 0.2, 0.2, 1)).Kept);
    }

    private static ControlScore Of(bool higherIsBetter, double? score, double? floor, double? ceiling) => new("canny", "metric", higherIsBetter, 1, score, floor, null, ceiling);
}
