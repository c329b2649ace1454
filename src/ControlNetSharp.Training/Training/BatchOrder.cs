namespace ControlNetSharp.Training;

/// <summary>
/// Which examples go into which batch: in every epoch each example once, in a new order; a batch has examples of one
/// group (one picture size) only. It follows from the seed and the
/// number of the batch alone, so it needs no memory of its own to be resumed.
/// </summary>
/// <param name="groups">Examples by group; each has at least one.</param>
/// <param name="batchSize">Examples in a batch; the last batch of a group is filled up from its first examples.</param>
/// <param name="seed">Decides the order.</param>
public sealed class BatchOrder(IReadOnlyList<IReadOnlyList<int>> groups, int batchSize, long seed)
{
    private readonly Lock _lock = new();
    private (long Epoch, int[][] Batches) _newest = (-1, []);

    /// <summary>Batches in an epoch.</summary>
    public int BatchesPerEpoch { get; } = groups.Sum(group => (group.Count + batchSize - 1) / batchSize);

    /// <summary>The examples of a batch.</summary>
    /// <param name="number">The batch's number in the whole run, from 0.</param>
    public IReadOnlyList<int> At(long number)
    {
        var epoch = number / BatchesPerEpoch;
        lock (_lock)
        {
            if (_newest.Epoch != epoch)
            {
                _newest = (epoch, Shuffled(epoch));
            }

            return _newest.Batches[number % BatchesPerEpoch];
        }
    }

    private int[][] Shuffled(long epoch)
    {
        var random = new Random(unchecked((int)((seed * 1_000_003 + epoch) * 2654435761L >> 7)));
        var batches = new List<int[]>();
        foreach (var group in groups)
        {
            int[] order = [.. group];
            random.Shuffle(order);
            for (var first = 0; first < order.Length; first += batchSize)
            {
                var start = first;
                batches.Add([.. Enumerable.Range(0, batchSize).Select(i => order[(start + i) % order.Length])]);
            }
        }

        var all = batches.ToArray();
        random.Shuffle(all);
        return all;
    }
}
