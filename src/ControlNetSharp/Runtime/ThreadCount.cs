using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// How many threads libtorch computes with until this is disposed: sums, and so pixels, can depend on it.
/// </summary>
internal sealed class ThreadCount : IDisposable
{
    private readonly int _before = get_num_threads();

    /// <summary>Sets the number.</summary>
    /// <param name="threads">Null to leave it.</param>
    public ThreadCount(int? threads) => Set(threads ?? _before);

    /// <inheritdoc/>
    public void Dispose() => Set(_before);

    private static void Set(int threads)
    {
        if (get_num_threads() != threads)
        {
            set_num_threads(threads);
        }
    }
}
