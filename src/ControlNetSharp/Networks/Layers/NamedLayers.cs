using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Layers under the names that they have in checkpoints, where indices with gaps stand for layers without weights
/// (activations, dropout).
/// </summary>
internal sealed class NamedLayers : Module
{
    public NamedLayers(params (string Name, Module Layer)[] layers)
        : base(nameof(NamedLayers))
    {
        foreach (var (name, layer) in layers)
        {
            register_module(name, layer);
        }
    }
}
