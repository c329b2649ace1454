using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// A weight with zeros for missing channels, made once and kept until the weight becomes another or changes. Safe on
/// several threads.
/// </summary>
internal sealed class PaddedWeight : IDisposable
{
    // libtorch counts all changes in place, by whichever view; TorchSharp shows the count to scripts only. 5 µs.
    private static readonly Lazy<jit.CompilationUnit> Script = new(() =>
        jit.compile("def version(x: Tensor) -> int:\n    return x._version()\n")
    );

    private readonly Lock _gate = new();
    private Tensor? _source;
    private long _version;
    private Tensor? _padded;

    /// <summary>
    /// The padded weight in <paramref name="dtype"/>: fresh, of the dispose scope. One that is trained is not
    /// kept, since it changes at each step and takes its gradient through the padding.
    /// </summary>
    /// <param name="weight">The weight; borrowed, and compared with at the next call.</param>
    /// <param name="dtype">The type to compute in.</param>
    /// <param name="pad">Adds the zeros.</param>
    public Tensor Of(Tensor weight, ScalarType dtype, Func<Tensor, Tensor> pad)
    {
        lock (_gate)
        {
            // What is made in inference mode could not be used for gradients later.
            if (weight.requires_grad || is_inference_mode_enabled())
            {
                Forget();
                return pad(weight.to(dtype));
            }

            var version = VersionOf(weight);
            if (!ReferenceEquals(_source, weight) || _version != version || _padded!.dtype != dtype)
            {
                Forget();
                (_source, _version, _padded) = (weight, version, pad(weight.to(dtype)).DetachFromDisposeScope());
            }

            return _padded!.alias();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            Forget();
        }
    }

    private static long VersionOf(Tensor weight)
    {
        using var version = (Scalar)Script.Value.invoke("version", weight);
        return version.ToInt64();
    }

    private void Forget()
    {
        _padded?.Dispose();
        (_source, _padded) = (null, null);
    }
}
