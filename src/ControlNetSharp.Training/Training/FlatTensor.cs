using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A number for each element of some parameters, in one float32 tensor on their device, so that one operation reaches
/// all of them; zero at first.
/// </summary>
internal sealed class FlatTensor : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly long[] _starts;

    /// <summary>Makes the zeros.</summary>
    /// <param name="parameters">Parameters on one device. Borrowed.</param>
    public FlatTensor(Parameter[] parameters)
    {
        _parameters = parameters;
        _starts = Moment.Starts([.. parameters.Select(parameter => parameter.numel())]);
        Values = zeros(Math.Max(_starts[^1], 1), device: parameters.FirstOrDefault()?.device ?? CPU)
            .DetachFromDisposeScope();
    }

    /// <summary>All of them, [elements], parameter after parameter; at least one.</summary>
    public Tensor Values { get; }

    /// <summary>Those of one parameter, in its order of elements: a view, [elements].</summary>
    public Tensor Of(int index) => Of(Values, index);

    /// <summary>The same part of another tensor of this layout, in the parameter's shape: a view.</summary>
    public Tensor Shaped(Tensor values, int index) => Of(values, index).view(_parameters[index].shape);

    /// <inheritdoc/>
    public void Dispose() => Values.Dispose();

    private Tensor Of(Tensor values, int index) => values.narrow(0, _starts[index], _parameters[index].numel());
}
