using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public sealed class EdgeAgreementTests
{
    [Theory]
    [InlineData(0, 2, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 2, 0)]
    [InlineData(3, 3, 1)]
    [InlineData(1, 0, 0)]
    public void F1_OfALineMovedByPixels_DependsOnTheTolerance(int moved, int tolerance, double expected) =>
        Assert.Equal(expected, EdgeAgreement.F1(Line(20 + moved), Line(20), tolerance));

    [Fact]
    public void F1_OfHalfTheEdges_IsTheHarmonicMeanOfPrecisionAndRecall()
    {
        var reference = Columns(10, 40);
        Assert.Equal(2 * 1 * 0.5 / 1.5, EdgeAgreement.F1(Columns(10), reference, 2), 12);
        Assert.Equal(2 * 0.5 * 1 / 1.5, EdgeAgreement.F1(reference, Columns(10), 2), 12);
    }

    [Fact]
    public void F1_ReachesRoundCornersAsADisc_NotAsASquare()
    {
        var (centre, diagonal) = (Dot(20, 20), Dot(22, 22));
        Assert.Equal(0, EdgeAgreement.F1(centre, diagonal, 2));
        Assert.Equal(1, EdgeAgreement.F1(centre, diagonal, 3));
    }

    [Fact]
    public void F1_WithoutEdges_IsOneForBothAndZeroForOne()
    {
        var nothing = Columns();
        Assert.Equal(1, EdgeAgreement.F1(nothing, nothing, 2));
        Assert.Equal(0, EdgeAgreement.F1(nothing, Line(5), 2));
        Assert.Equal(0, EdgeAgreement.F1(Line(5), nothing, 2));
    }

    [Theory]
    [InlineData(256, 256, 2)]
    [InlineData(128, 128, 1)]
    [InlineData(64, 64, 1)]
    [InlineData(512, 512, 4)]
    [InlineData(384, 192, 2)]
    public void ToleranceFor_IsTwoPixelsAt256InProportion(int width, int height, int expected) =>
        Assert.Equal(expected, EdgeAgreement.ToleranceFor(new Picture(width, height, new byte[3 * width * height])));

    [Fact]
    public void F1_OfDifferentSizesOrAToleranceOutOfRange_NamesThem()
    {
        Assert.Contains("64 x 64 and 32 x 64", Assert.Throws<ArgumentException>(() => EdgeAgreement.F1(Line(5), TestPictures.Square(32, 64), 2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => EdgeAgreement.F1(Line(5), Line(5), 65));
        Assert.Throws<ArgumentOutOfRangeException>(() => EdgeAgreement.F1(Line(5), Line(5), -1));
    }

    private static Picture Line(int row) => TestPictures.Of(64, 64, (_, y) => y == row ? (255, 255, 255) : (0, 0, 0));

    private static Picture Columns(params int[] columns) => TestPictures.Of(64, 64, (x, _) => columns.Contains(x) ? (255, 255, 255) : (0, 0, 0));

    private static Picture Dot(int column, int row) => TestPictures.Of(64, 64, (x, y) => (x, y) == (column, row) ? (255, 255, 255) : (0, 0, 0));
}
