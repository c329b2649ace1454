using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Pictures;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class ConditionFidelityTests
{
    [Fact]
    public void Score_OfAPictureAgainstItsOwnHint_IsOne_AndOfABlankOneZero()
    {
        using var canny = AnnotatorCatalogue.Create("canny");
        var fidelity = new ConditionFidelity("canny", canny);
        var picture = TestPictures.Square(64, 64);
        Assert.Equal(1, fidelity.Score(picture, canny.Annotate(picture, cancellationToken: TestContext.Current.CancellationToken)), 12);
        Assert.Equal(0, fidelity.Score(Blank(), canny.Annotate(picture, cancellationToken: TestContext.Current.CancellationToken)));
        Assert.Equal("edge F1", fidelity.Metric);
    }

    [Fact]
    public void Score_WithoutAnAnnotator_ComparesEdges()
    {
        var fidelity = new ConditionFidelity("fill", null);
        Assert.Equal(1, fidelity.Score(TestPictures.Square(64, 64), TestPictures.Square(64, 64)), 12);
        Assert.Equal(0, fidelity.Score(Blank(), TestPictures.Square(64, 64)));
    }

    [Fact]
    public void Score_OfMaps_IsTheirCorrelation()
    {
        var fidelity = new ConditionFidelity("depth", new Same());
        var ramp = new Picture(16, 16, [.. Enumerable.Range(0, 768).Select(i => (byte)(i / 3))]);
        var half = new Picture(16, 16, [.. ramp.Bytes().Select(value => (byte)(value / 2 + 20))]);
        var inverted = new Picture(16, 16, [.. ramp.Bytes().Select(value => (byte)(255 - value))]);
        Assert.Equal("correlation", fidelity.Metric);
        Assert.InRange(fidelity.Score(half, ramp), 0.999, 1);
        Assert.Equal(0, fidelity.Score(inverted, ramp));
        Assert.Equal(0, fidelity.Score(new Picture(16, 16, new byte[768]), ramp));
    }

    private static Picture Blank() => new(64, 64, new byte[3 * 64 * 64]);

    /// <summary>Sees the picture as it is.</summary>
    private sealed class Same : IAnnotator
    {
        public AnnotatorInfo Info { get; } = new("depth", ["same"], [], "the picture");

        public Picture Annotate(Picture picture, AnnotatorOptions? options = null, CancellationToken cancellationToken = default) => picture;

        public void Dispose()
        {
        }
    }
}
