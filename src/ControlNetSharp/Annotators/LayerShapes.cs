namespace ControlNetSharp.Annotators;

/// <summary>The shapes of a network's tensors by name, asked for widths: what differs between editions of one network.</summary>
/// <param name="Shapes">Shapes by tensor name.</param>
internal sealed record LayerShapes(IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes)
{
    /// <summary>Outputs of a layer: the first side of its weight.</summary>
    public int Outputs(string layer) => Side(layer, 0);

    /// <summary>Outputs of a transposed convolution: the second side of its weight.</summary>
    public int TransposedOutputs(string layer) => Side(layer, 1);

    /// <summary>How many layers there are in a row that are named by their number.</summary>
    public int Count(Func<int, string> layer)
    {
        var count = 0;
        while (Has(layer(count)))
        {
            count++;
        }

        return count;
    }

    /// <summary>Whether there is such a layer.</summary>
    public bool Has(string layer) => Shapes.ContainsKey(layer + ".weight");

    private int Side(string layer, int side) =>
        !Shapes.TryGetValue(layer + ".weight", out var shape) ? throw new KeyNotFoundException($"'{layer}.weight' is missing.")
        : shape.Count <= side ? throw new ArgumentException($"'{layer}.weight' has the shape [{string.Join(", ", shape)}].")
        : checked((int)shape[side]);
}
