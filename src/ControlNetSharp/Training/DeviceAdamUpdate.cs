using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>AdamW's update on a GPU: gradients and state of all parameters are flat tensors, so that a step is a few large operations and one small one a parameter.</summary>
internal sealed class DeviceAdamUpdate : IAdamUpdate
{
    private readonly Parameter[] _parameters;
    private readonly AdamWOptions _options;
    private readonly long[] _starts;
    private readonly Tensor _gradients;
    private readonly Tensor _first;
    private readonly Tensor _second;

    /// <summary>Makes the gradient buffers and the state.</summary>
    public DeviceAdamUpdate(Parameter[] parameters, AdamWOptions options, Device device)
    {
        if (options.EightBitState)
        {
            throw new ArgumentException("The state of eight bits is for training on a CPU.", nameof(options));
        }

        (_parameters, _options) = (parameters, options);
        _starts = new long[parameters.Length + 1];
        for (var i = 0; i < parameters.Length; i++)
        {
            _starts[i + 1] = _starts[i] + parameters[i].numel();
        }

        Tensor Flat() => zeros(Math.Max(_starts[^1], 1), device: device).DetachFromDisposeScope();
        (_gradients, _first, _second) = (Flat(), Flat(), Flat());
        foreach (var (index, parameter) in parameters.Index())
        {
            // Backward passes add to a gradient in its place, so it stays a view.
            parameter.grad = Part(_gradients, index).DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        return _gradients.norm().item<float>();
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
        _gradients.mul_(clip);
        _first.mul_(oldShare).add_(_gradients, newShare);
        _second.mul_(oldSquareShare).addcmul_(_gradients, _gradients, newSquareShare);
        var changes = _first / _second.sqrt().Times(rates.RootScale).Plus(_options.Epsilon);
        foreach (var (index, parameter) in _parameters.Index())
        {
            parameter.mul_(keep).add_(Part(changes, index), move);
        }

        _gradients.zero_();
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Values)> StateOf(int index) =>
        [("first_moment", _first.narrow(0, _starts[index], _parameters[index].numel())), ("second_moment", _second.narrow(0, _starts[index], _parameters[index].numel()))];

    /// <inheritdoc/>
    public void Dispose()
    {
        _gradients.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    private Tensor Part(Tensor flat, int index) => flat.narrow(0, _starts[index], _parameters[index].numel()).view(_parameters[index].shape);
}
