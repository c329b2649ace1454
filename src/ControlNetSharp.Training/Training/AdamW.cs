using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Adam with decoupled weight decay. Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2; PyTorch
/// torch.optim.AdamW for the place of epsilon.
/// </summary>
/// <remarks>
/// TorchSharp's own is a managed loop over tensors with large temporaries; this one works on flat memory. Parameters
/// are float32, all on one device; gradients are accumulated in place and set
/// to zero by <see cref="Step"/>.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly AdamWOptions _options;
    private readonly IAdamUpdate _update;

    /// <summary>
    /// Creates the optimizer and the gradient buffers of the parameters, which require gradients from now on.
    /// </summary>
    /// <param name="parameters">float32 parameters on one device; borrowed for the optimizer's life.</param>
    /// <param name="options">Betas, epsilon, weight decay, width of the state.</param>
    /// <exception cref="ArgumentException">
    /// The state is to have eight bits, and the parameters are not on the CPU.
    /// </exception>
    public AdamW(IEnumerable<Parameter> parameters, AdamWOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parameters = [.. parameters];
        _options = options;
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = true;
        }

        _update = _parameters.FirstOrDefault() is { device_type: not DeviceType.CPU }
            ? new DeviceAdamUpdate(_parameters, options)
            : new HostAdamUpdate(_parameters, options);
    }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; set; }

    /// <summary>
    /// What the optimizer remembers of a parameter, the means of its gradients and of their squares: views of its
    /// memory, to be saved and restored.
    /// </summary>
    /// <param name="index">The parameter's number, in the order in which they were given.</param>
    public IEnumerable<(string Name, Tensor Values)> StateOf(int index) => _update.StateOf(index);

    /// <summary>Changes every parameter by its gradient, then sets the gradients to zero.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="largestNorm">Gradients are scaled down to this norm; null for no clipping.</param>
    /// <returns>The norm of all gradients before clipping.</returns>
    /// <exception cref="TrainingException">The norm is not a finite number; nothing was changed.</exception>
    public double Step(double learningRate, double? largestNorm = null)
    {
        var norm = _update.GradientNorm();
        if (!double.IsFinite(norm))
        {
            throw new TrainingException(
                $"The gradient norm of step {Steps + 1} is {norm}; the weights were not changed.",
                Steps + 1,
                norm
            );
        }

        Steps++;
        _update.Apply(
            Steps,
            new AdamRates(
                GradientScale: largestNorm is { } largest && norm > largest ? (float)(largest / norm) : 1f,
                StepSize: (float)(learningRate / (1 - Math.Pow(_options.Beta1, Steps))),
                RootScale: (float)(1 / Math.Sqrt(1 - Math.Pow(_options.Beta2, Steps))),
                Keep: (float)(1 - learningRate * _options.WeightDecay)
            )
        );
        return norm;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in _parameters)
        {
            parameter.requires_grad = false;
            parameter.grad?.Dispose();
            parameter.grad = null;
        }

        _update.Dispose();
    }
}
