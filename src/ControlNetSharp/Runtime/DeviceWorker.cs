using System.Collections.Concurrent;

namespace ControlNetSharp.Runtime;

/// <summary>
/// The one thread that computes on a device. Dispose scopes and gradient modes of libtorch belong to a thread, and two
/// computations
/// at once slow each other down; so work is queued here and done one after the other, in the order in which it came.
/// </summary>
internal sealed class DeviceWorker : IAsyncDisposable
{
    private readonly BlockingCollection<Action> _queue = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts the thread.</summary>
    /// <param name="name">What debuggers call it, such as <c>cuda:0</c>.</param>
    public DeviceWorker(string name) =>
        new Thread(Work) { Name = $"ControlNetSharp {name}", IsBackground = true }.Start();

    /// <summary>How many pieces of work wait.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Queues work.</summary>
    /// <param name="work">Synchronous; it looks at the token itself once it runs.</param>
    /// <param name="cancellationToken">While the work still waits, cancels it.</param>
    /// <exception cref="ObjectDisposedException">The worker was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        ObjectDisposedException.ThrowIf(_queue.IsAddingCompleted, this);
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = cancellationToken.Register(() => result.TrySetCanceled(cancellationToken));
        _queue.Add(
            () =>
            {
                waiting.Dispose();
                if (result.Task.IsCompleted)
                {
                    return;
                }

                try
                {
                    result.TrySetResult(work());
                }
                catch (OperationCanceledException e)
                {
                    result.TrySetCanceled(e.CancellationToken);
                }
                // Whatever went wrong is told to whoever asked for the work; the thread goes on with the next.
#pragma warning disable CA1031
                catch (Exception e)
#pragma warning restore CA1031
                {
                    result.TrySetException(e);
                }
            },
            CancellationToken.None
        );
        return result.Task;
    }

    /// <summary>Takes no more work, finishes what waits, and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        await _ended.Task.ConfigureAwait(false);
        _queue.Dispose();
    }

    private void Work()
    {
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            work();
        }

        _ended.SetResult();
    }
}
