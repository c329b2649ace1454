using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The exponential moving average of the weights, which samples better than the weights themselves. Early steps count
/// less, so that it does not remember the start:
/// decay = min(d, (1 + n) / (10 + n)). Source: Song et al. 2021, arXiv:2011.13456, appendix; LDM ema.py, LitEma.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly double _decay;
    private readonly FlatTensor _values;

    /// <summary>Starts the average at the present weights.</summary>
    /// <param name="parameters">float32 parameters on one device; borrowed.</param>
    /// <param name="decay">Decay a step, 0 to 1.</param>
    public WeightAverage(IEnumerable<Parameter> parameters, double decay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(decay);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(decay, 1);
        _parameters = [.. parameters];
        _decay = decay;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        _values = new FlatTensor(_parameters);
        foreach (var (index, parameter) in _parameters.Index())
        {
            ValuesOf(index).copy_(parameter.view(-1));
        }
    }

    /// <summary>The averaged weights of one parameter, in its order of elements: a view, float32 [elements].</summary>
    /// <param name="index">The parameter's number, in the order in which they were given.</param>
    public Tensor ValuesOf(int index) => _values.Of(index);

    /// <summary>Moves the average towards the present weights.</summary>
    /// <param name="step">Steps taken so far, from 1.</param>
    public void Update(long step)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var decay = Math.Min(_decay, (1.0 + step) / (10.0 + step));
        using var kept = decay.ToScalar();
        using var moved = (1 - decay).ToScalar();
        foreach (var (index, parameter) in _parameters.Index())
        {
            ValuesOf(index).mul_(kept).add_(parameter.view(-1), moved);
        }
    }

    /// <summary>Exchanges weights and average; a second call changes them back.</summary>
    public void Swap()
    {
        using var _ = no_grad();
        foreach (var (index, parameter) in _parameters.Index())
        {
            using var scope = NewDisposeScope();
            var (weights, average) = (parameter.view(-1), ValuesOf(index));
            var before = weights.clone();
            weights.copy_(average);
            average.copy_(before);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();
}
