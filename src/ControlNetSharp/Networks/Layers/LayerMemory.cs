using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Layers;

/// <summary>
/// Memory for weights. It is left as it comes: untouched pages cost nothing, so a model is never in memory twice while
/// it loads.
/// </summary>
internal static class LayerMemory
{
    public static Parameter Empty(Placement placement, params long[] shape) =>
        new(
            empty(shape, dtype: placement.Dtype, device: placement.Device).DetachFromDisposeScope(),
            requires_grad: false
        );
}
