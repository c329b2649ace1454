using TorchSharp.Modules;

namespace ControlNetSharp.Training;

/// <summary>Constants of <see cref="Muon"/>, and the weights that it moves.</summary>
public sealed record MuonOptions
{
    /// <summary>The weights that Muon moves, by name: matrices inside the network, not its first and last layer and no embeddings. The others are AdamW's.</summary>
    public required Func<string, Parameter, bool> Moves { get; init; }

    /// <summary>Decay of the running sum of the gradients.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>Share of a weight that is taken away each step, times the learning rate.</summary>
    public double WeightDecay { get; init; }
}
