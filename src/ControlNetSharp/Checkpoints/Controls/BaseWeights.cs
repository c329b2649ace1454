using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>
/// The weights of a model's UNet, to which files that hold changes add theirs. A model in 8 bits has them no more; they
/// are read from its file.
/// </summary>
internal sealed class BaseWeights : IDisposable
{
    private readonly Dictionary<string, TorchSharp.Modules.Parameter> _weights;
    private readonly CheckpointFiles? _file;

    /// <param name="model">The model. Borrowed.</param>
    /// <exception cref="CheckpointException">It computes in 8 bits, and its file is not there any more.</exception>
    public BaseWeights(DiffusionModel model)
    {
        _weights = model.UNet.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        _file = model.Placement.Int8 ? CheckpointFiles.OpenAsLdm(model.File) : null;
    }

    /// <summary>Whether the UNet has a tensor of this name, without a prefix.</summary>
    public bool Has(string name) =>
        _file is null ? _weights.ContainsKey(name) : _file.Tensors.ContainsKey(LdmLayout.UNet + name);

    /// <summary>
    /// One on the CPU in float32: changes are small, and a sum in a shorter type would lose them twice. The first
    /// convolution of an inpainting model takes further channels behind the latents, which are left out.
    /// </summary>
    public Tensor Read(string name, long[] shape)
    {
        var weight = _file?.Read(LdmLayout.UNet + name, ScalarType.Float32) ?? _weights[name];
        return (weight.shape.SequenceEqual(shape) ? weight : weight.narrow(1, 0, shape[1]))
            .to(ScalarType.Float32)
            .cpu();
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
