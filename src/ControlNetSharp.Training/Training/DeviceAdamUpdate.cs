using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// AdamW's update on a GPU: gradients and state of all parameters are flat tensors, so that a step is a few large
/// operations and one small one a parameter.
/// </summary>
internal sealed class DeviceAdamUpdate : IAdamUpdate
{
    private readonly Parameter[] _parameters;
    private readonly AdamWOptions _options;
    private readonly FlatTensor _gradients;
    private readonly FlatTensor _first;
    private readonly FlatTensor _second;

    /// <summary>Makes the gradient buffers and the state.</summary>
    /// <exception cref="ArgumentException">The state is to have eight bits.</exception>
    public DeviceAdamUpdate(Parameter[] parameters, AdamWOptions options)
    {
        if (options.EightBitState)
        {
            throw new ArgumentException(
                $"{nameof(AdamWOptions.EightBitState)} true: the state of eight bits is the CPU's; the parameters are "
                    + $"on {parameters[0].device}.",
                nameof(options)
            );
        }

        (_parameters, _options) = (parameters, options);
        (_gradients, _first, _second) = (new(parameters), new(parameters), new(parameters));
        foreach (var (index, parameter) in parameters.Index())
        {
            // Backward passes add to a gradient in its place, so it stays a view.
            parameter.grad = _gradients.Shaped(_gradients.Values, index).DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return _gradients.Values.norm().item<float>();
    }

    /// <inheritdoc/>
    public void Apply(long step, AdamRates rates)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var clip = rates.GradientScale.ToScalar();
        using var oldShare = _options.Beta1.ToScalar();
        using var newShare = (1 - _options.Beta1).ToScalar();
        using var newSquareShare = (1 - _options.Beta2).ToScalar();
        using var oldSquareShare = _options.Beta2.ToScalar();
        using var keep = rates.Keep.ToScalar();
        using var move = (-rates.StepSize).ToScalar();
        var gradients = _gradients.Values.mul_(clip);
        var first = _first.Values.mul_(oldShare).add_(gradients, newShare);
        var second = _second.Values.mul_(oldSquareShare).addcmul_(gradients, gradients, newSquareShare);
        var changes = first / second.sqrt().Times(rates.RootScale).Plus(_options.Epsilon);
        foreach (var (index, parameter) in _parameters.Index())
        {
            parameter.mul_(keep).add_(_gradients.Shaped(changes, index), move);
        }

        gradients.zero_();
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Values)> StateOf(int index) =>
        [("first_moment", _first.Of(index)), ("second_moment", _second.Of(index))];

    /// <inheritdoc/>
    public void Dispose()
    {
        _gradients.Dispose();
        _first.Dispose();
        _second.Dispose();
    }
}
