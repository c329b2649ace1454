using ControlNetSharp.Training;
using Xunit;

namespace ControlNetSharp.Tests.Training;

public class BatchOrderTests
{
    private static readonly int[][] Groups = [[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10], [11]];

    [Fact]
    public void At_OverAnEpoch_HasEveryExample_InBatchesOfOneGroup()
    {
        var order = new BatchOrder(Groups, batchSize: 2, seed: 3);
        Assert.Equal(4 + 2 + 1, order.BatchesPerEpoch);
        var batches = Enumerable.Range(0, order.BatchesPerEpoch).Select(i => order.At(i)).ToList();
        Assert.Equal(Enumerable.Range(0, 12), batches.SelectMany(batch => batch).Distinct().Order());
        Assert.All(batches, batch => Assert.Single(Groups, group => batch.All(group.Contains)));
        Assert.All(batches, batch => Assert.Equal(2, batch.Count));
    }

    [Fact]
    public void At_FollowsFromSeedAndNumberAlone_AndChangesFromEpochToEpoch()
    {
        var (first, second) = (new BatchOrder(Groups, 2, seed: 3), new BatchOrder(Groups, 2, seed: 3));
        Assert.Equal(first.At(40), Enumerable.Range(0, 41).Select(i => second.At(i)).Last());
        IEnumerable<int> Epoch(BatchOrder order, int number) => Enumerable.Range(number * order.BatchesPerEpoch, order.BatchesPerEpoch).SelectMany(i => order.At(i));
        Assert.NotEqual(Epoch(first, 0), Epoch(first, 1));
        Assert.NotEqual(Epoch(first, 0), Epoch(new BatchOrder(Groups, 2, seed: 4), 0));
    }
}
