using System.Runtime.ExceptionServices;

namespace ControlNetSharp.Runtime;

/// <summary>
/// Runs the same work on many things with some threads; a failure comes out as it was thrown, not wrapped.
/// </summary>
internal static class SideBySide
{
    /// <summary>
    /// The same for work with tensors. Where there are several threads, each computes with one libtorch thread: more
    /// would wait for one another, and as a sum depends on how many share
    /// it, results would depend on which thread took which item.
    /// </summary>
    /// <inheritdoc cref="ForEach"/>
    public static void Compute<T>(
        IEnumerable<T> items,
        int workers,
        Action<T, int> work,
        CancellationToken cancellationToken = default
    ) =>
        ForEach(
            items,
            workers,
            (item, index) =>
            {
                OneLibtorchThread(workers);
                work(item, index);
            },
            cancellationToken
        );

    /// <summary>
    /// Gives the calling thread one libtorch thread where it is one of several workers. It is said on each thread: one
    /// of the pool keeps the number that held when it first computed.
    /// </summary>
    public static void OneLibtorchThread(int workers)
    {
        if (workers > 1)
        {
            TorchSharp.torch.set_num_threads(1);
        }
    }

    /// <summary>Runs <paramref name="work"/> for each item, which are asked for one after another.</summary>
    /// <param name="items">The items.</param>
    /// <param name="workers">The most threads.</param>
    /// <param name="work">Given an item and its number from 0.</param>
    /// <param name="cancellationToken">Looked at before each item.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void ForEach<T>(
        IEnumerable<T> items,
        int workers,
        Action<T, int> work,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            Parallel.ForEach(
                items.Index(),
                new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken },
                item => work(item.Item, item.Index)
            );
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }
}
