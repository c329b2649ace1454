using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks;

/// <summary>
/// Networks whose matrices and convolutions are those of another one plus a change of low rank, as a Control-LoRA is to
/// a UNet, and a UNet with a LoRA to the one without.
/// </summary>
internal static class LowRankLayers
{
    private const string Weight = ".weight";

    /// <summary>
    /// Locks each layer that another network has under the same name: it shares the other's weight, which takes no
    /// memory, and gets a change of its own. Norms and biases stay the network's own.
    /// </summary>
    /// <param name="network">The network; its weights need not be set.</param>
    /// <param name="locked">The other one, whose weights nobody changes from now on. Borrowed.</param>
    /// <param name="rank">The rank of the changes, 1 or more.</param>
    /// <param name="placement">Where the changes live; their weights are not set.</param>
    public static void Share(nn.Module network, nn.Module locked, int rank, Placement placement)
    {
        var sources = Of(locked).ToDictionary(layer => layer.Name, layer => layer.Layer, StringComparer.Ordinal);
        foreach (var (name, layer) in Of(network).ToList())
        {
            if (sources.TryGetValue(name, out var source))
            {
                layer.Lock(
                    new Parameter(source.Weight.alias().DetachFromDisposeScope(), requires_grad: false),
                    LowRankChange.Of(source.Weight, rank, placement)
                );
            }
        }
    }

    /// <summary>The parameters of a network by name, without the weights that are locked.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> Trained(nn.Module network)
    {
        var locked = Of(network)
            .Where(layer => layer.Layer.Change is not null)
            .Select(layer => layer.Name + Weight)
            .ToHashSet(StringComparer.Ordinal);
        return network.named_parameters().Where(parameter => !locked.Contains(parameter.name));
    }

    /// <summary>The changes of a network, by the names of their layers.</summary>
    public static IEnumerable<(string Name, LowRankChange Change)> Changes(nn.Module network) =>
        Of(network).Where(layer => layer.Layer.Change is not null).Select(layer => (layer.Name, layer.Layer.Change!));

    /// <summary>The layers by the names of their weights: a module can be there under other names, too.</summary>
    private static IEnumerable<(string Name, ILowRankLayer Layer)> Of(nn.Module network)
    {
        var layers = network
            .named_modules()
            .Where(module => module.module is ILowRankLayer)
            .ToDictionary(module => module.name, module => (ILowRankLayer)module.module, StringComparer.Ordinal);
        return network
            .named_parameters()
            .Where(parameter => parameter.name.EndsWith(Weight, StringComparison.Ordinal))
            .Select(parameter => parameter.name[..^Weight.Length])
            .Where(layers.ContainsKey)
            .Select(name => (name, layers[name]));
    }
}
