using ControlNetSharp.Evaluation;
using Xunit;

namespace ControlNetSharp.Tests.Evaluation;

public class KernelDistanceTests
{
    [Fact]
    public void Distance_OfSmallSets_IsThatOfTheDefinition()
    {
        // (x·y + 1)³: within {0, 1} and {0, 2} it is 1, across 1, 1, 1 and 27.
        Assert.Equal(1 + 1 - 2 * 30 / 4.0, KernelDistance.Between([[0], [1]], [[0], [2]])!.Value, 12);
        // Two features: (2 / 2 + 1)³ = 8, and 1 for vectors at right angles.
        Assert.Equal(8 + 8 - 2 * 1, KernelDistance.Between([[1, 1], [1, 1]], [[1, -1], [1, -1]])!.Value, 12);
    }

    [Fact]
    public void Distance_OfSamplesOfOneThing_IsNearZero_AndOfDifferentOnesIsNot()
    {
        var random = new Random(1);
        float[][] Drawn(double shift) => [.. Enumerable.Range(0, 100).Select(_ => Enumerable.Range(0, 8).Select(_ => (float)(shift + 2 * random.NextDouble() - 1)).ToArray())];
        var (first, second, other) = (Drawn(0), Drawn(0), Drawn(0.5));
        Assert.InRange(KernelDistance.Between(first, second)!.Value, -0.02, 0.02);
        Assert.True(KernelDistance.Between(first, other) > 0.2);
        Assert.Equal(KernelDistance.Between(first, other)!.Value, KernelDistance.Between(other, first)!.Value, 12);
    }

    [Fact]
    public void Distance_OfTooFewPictures_IsUnknown_AndOfOtherFeaturesAnError()
    {
        Assert.Null(KernelDistance.Between([[1]], [[1], [2]]));
        Assert.Null(KernelDistance.Between([[1], [2]], []));
        Assert.Throws<ArgumentException>(() => KernelDistance.Between([[1], [2]], [[1, 2], [1]]));
    }
}
