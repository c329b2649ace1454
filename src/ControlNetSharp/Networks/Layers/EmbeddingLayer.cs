using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Layers;

/// <summary>A table of vectors: int64 indices [..] -> [.., width], in the weights' dtype.</summary>
internal sealed class EmbeddingLayer : Module<Tensor, Tensor>
{
#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "weight")]
    private Parameter _weight;
#pragma warning restore IDE0044, RCS1169
    private readonly int _width;

    /// <summary>Creates a table of <paramref name="count"/> vectors.</summary>
    public EmbeddingLayer(int count, int width, Placement placement)
        : base(nameof(EmbeddingLayer))
    {
        _width = width;
        _weight = LayerMemory.Empty(placement, count, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor indices)
    {
        using var scope = NewDisposeScope();
        return _weight.index_select(0, indices.flatten()).reshape([.. indices.shape, _width]).MoveToOuterDisposeScope();
    }
}
