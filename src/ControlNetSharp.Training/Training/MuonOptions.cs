using TorchSharp.Modules;

namespace ControlNetSharp.Training;

/// <summary>Constants of <see cref="Muon"/>, and the weights that it moves.</summary>
public sealed record MuonOptions
{
    private const int Least = 16;

    /// <summary>
    /// The weights that Muon moves, by name: matrices inside the network, not its first and last layer and no
    /// embeddings. The others are AdamW's.
    /// </summary>
    public required Func<string, Parameter, bool> Moves { get; init; }

    /// <summary>
    /// Moves the matrices inside networks: weights of two or more dimensions that, as a matrix, have 16 rows and
    /// columns at least.
    /// </summary>
    /// <param name="outerLayers">
    /// Parts of the names of those that are left out: first and last layers, embeddings, zero convolutions.
    /// </param>
    public static MuonOptions Inside(params IReadOnlyList<string> outerLayers) =>
        new()
        {
            Moves = (name, weight) =>
                weight.dim() >= 2
                && Math.Min(weight.shape[0], weight.numel() / weight.shape[0]) >= Least
                && !outerLayers.Any(part => name.Contains(part, StringComparison.Ordinal)),
        };

    /// <summary>Decay of the running sum of the gradients.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>Share of a weight that is taken away each step, times the learning rate.</summary>
    public double WeightDecay { get; init; }
}
