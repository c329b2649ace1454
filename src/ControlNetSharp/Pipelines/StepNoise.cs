using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The noise that ancestral samplers draw between steps: each picture has a generator of its own, which continues after
/// that of its starting noise,
/// so a picture does not depend on the batch it was made in.
/// </summary>
internal sealed class StepNoise : IDisposable
{
    private readonly Generator[] _generators;
    private bool _started;

    public StepNoise(long seed, int pictures) =>
        _generators = [.. Enumerable.Range(0, pictures).Select(k => new Generator((ulong)(seed + k), CPU))];

    /// <summary>
    /// Standard normal noise in shape, dtype and on the device of <paramref name="like"/> [B, 4, h, w].
    /// </summary>
    public Tensor Draw(Tensor like)
    {
        using var scope = NewDisposeScope();
        long[] shape = [1, .. like.shape[1..]];
        if (!_started)
        {
            // The first draw of each generator is the starting noise.
            _started = true;
            Draw(shape);
        }

        return Draw(shape).to(like.dtype).to(like.device).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var generator in _generators)
        {
            generator.Dispose();
        }
    }

    private Tensor Draw(long[] shape) =>
        cat(
            [
                .. _generators.Select(generator =>
                    randn(shape, dtype: ScalarType.Float32, device: CPU, generator: generator)
                ),
            ],
            0
        );
}
