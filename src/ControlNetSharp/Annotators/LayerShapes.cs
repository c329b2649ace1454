using ControlNetSharp.Annotators.Layers;

namespace ControlNetSharp.Annotators;

/// <summary>
/// The shapes of a network's tensors by name, asked for widths: what differs between editions of one network.
/// </summary>
/// <param name="Shapes">Shapes by tensor name.</param>
internal sealed record LayerShapes(IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes)
{
    private const string Weight = ".weight";

    /// <summary>Outputs of a layer: the first side of its weight.</summary>
    public int Outputs(string layer) => Shapes.SizeOf(layer + Weight, 0);

    /// <summary>Outputs of a transposed convolution: the second side of its weight.</summary>
    public int TransposedOutputs(string layer) => Shapes.SizeOf(layer + Weight, 1);

    /// <summary>How many layers there are in a row that are named by their number.</summary>
    public int Count(Func<int, string> layer) => Shapes.CountOf(i => layer(i) + Weight);

    /// <summary>Whether there is such a layer.</summary>
    public bool Has(string layer) => Shapes.ContainsKey(layer + Weight);
}
