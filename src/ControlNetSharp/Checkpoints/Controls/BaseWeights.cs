using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>The weights of a model's UNet, to which files that hold changes add theirs.</summary>
/// <param name="model">The model. Borrowed.</param>
internal sealed class BaseWeights(DiffusionModel model)
{
    private readonly Dictionary<string, TorchSharp.Modules.Parameter> _weights = model
        .UNet.named_parameters()
        .ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);

    /// <summary>Whether the UNet has a tensor of this name, without a prefix.</summary>
    public bool Has(string name) => _weights.ContainsKey(name);

    /// <summary>
    /// One on the CPU in float32: changes are small, and a sum in a shorter type would lose them twice. The first
    /// convolution of an inpainting model takes further channels behind the latents, which are left out.
    /// </summary>
    public Tensor Read(string name, long[] shape)
    {
        var weight = _weights[name];
        return (weight.shape.SequenceEqual(shape) ? weight : weight.narrow(1, 0, shape[1]))
            .to(ScalarType.Float32)
            .cpu();
    }
}
