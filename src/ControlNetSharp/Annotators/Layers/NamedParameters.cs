using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>
/// Parameters that belong to no layer, under the names that they have in checkpoints. A field of type Parameter would
/// be registered under the field's name, too.
/// </summary>
internal sealed class NamedParameters : Module
{
    public NamedParameters(params (string Name, Parameter Value)[] parameters)
        : base(nameof(NamedParameters))
    {
        foreach (var (name, value) in parameters)
        {
            register_parameter(name, value);
        }
    }

    /// <summary>The parameter of a name that was given.</summary>
    public Parameter this[string name] =>
        get_parameter(name) ?? throw new KeyNotFoundException($"There is no parameter {name}.");
}
