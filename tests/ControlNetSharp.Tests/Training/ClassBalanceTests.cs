using ControlNetSharp.PocketTraining;
using ControlNetSharp.Training;
using Xunit;

namespace ControlNetSharp.Tests.Training;

public class ClassBalanceTests
{
    /// <summary>A hundred pictures of three classes; the third is in one of them alone, the fourth in none.</summary>
    private static readonly int[][] Pixels = [.. Enumerable.Range(0, 100).Select(i => new[] { 9000, 999, i == 7 ? 1000 : 0, 0 })];

    [Fact]
    public void Scene_WithARareClass_IsDrawnMoreOften_ByTheRootOfItsShare()
    {
        var balance = new ClassBalance(Pixels);
        var drawn = Enumerable.Range(0, 100_000).CountBy(i => balance.Scene((i + 0.5) / 100_000)).ToDictionary();
        Assert.Equal(100, drawn.Count);
        // A tenth of the pictures is common; one in a hundred is drawn sqrt(10) times as often.
        Assert.Equal(Math.Sqrt(10), drawn[7] / (double)drawn[6], 0.01);
        Assert.Equal(drawn[0], drawn[99], 2.0);
    }

    [Fact]
    public void Weights_GrowWithTheRootOfRareness_BetweenTheirBounds()
    {
        var weights = new ClassBalance(Pixels).Weights;
        Assert.Equal(1, weights[1]);
        Assert.Equal(0.4f, weights[0]);
        Assert.Equal(5, weights[2]);
        Assert.Equal(4, weights.Count);
    }

    [Fact]
    public void Scene_OfAClassOfFewPixels_IsDrawnAsOthers()
    {
        int[][] pixels = [[10_000, 0], [9995, 5]];
        var balance = new ClassBalance(pixels);
        Assert.Equal((0, 1), (balance.Scene(0.49), balance.Scene(0.51)));
    }
}
