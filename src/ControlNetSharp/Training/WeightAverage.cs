using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The exponential moving average of the weights, which samples better than the weights themselves. Early steps count less, so that it does not remember the start:
/// decay = min(d, (1 + n) / (10 + n)). Source: Song et al. 2021, arXiv:2011.13456, appendix; LDM ema.py, LitEma.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly double _decay;

    /// <summary>Starts the average at the present weights.</summary>
    /// <param name="parameters">float32 CPU parameters; borrowed.</param>
    /// <param name="decay">Decay a step, 0 to 1.</param>
    public WeightAverage(IEnumerable<Parameter> parameters, double decay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(decay);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(decay, 1);
        _parameters = [.. parameters];
        _decay = decay;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        Values = cat([.. _parameters.Select(p => p.flatten())]).DetachFromDisposeScope();
    }

    /// <summary>The averaged weights, all parameters one after another in order: float32 [total].</summary>
    public Tensor Values { get; }

    /// <summary>Moves the average towards the present weights.</summary>
    /// <param name="step">Steps taken so far, from 1.</param>
    public void Update(long step)
    {
        var move = (float)(1 - Math.Min(_decay, (1.0 + step) / (10.0 + step)));
        var position = 0;
        foreach (var parameter in _parameters)
        {
            var weights = MemoryMarshal.Cast<byte, float>(parameter.bytes);
            var average = MemoryMarshal.Cast<byte, float>(Values.bytes).Slice(position, weights.Length);
            System.Numerics.Tensors.TensorPrimitives.Lerp(average, weights, move, average);
            position += weights.Length;
        }
    }

    /// <summary>Exchanges weights and average; a second call changes them back.</summary>
    public void Swap()
    {
        var position = 0;
        foreach (var parameter in _parameters)
        {
            var weights = MemoryMarshal.Cast<byte, float>(parameter.bytes);
            var average = MemoryMarshal.Cast<byte, float>(Values.bytes).Slice(position, weights.Length);
            for (var i = 0; i < weights.Length; i++)
            {
                (weights[i], average[i]) = (average[i], weights[i]);
            }

            position += weights.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Values.Dispose();
}
