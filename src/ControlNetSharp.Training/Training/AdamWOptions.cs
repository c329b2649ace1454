namespace ControlNetSharp.Training;

/// <summary>Constants of <see cref="AdamW"/>; the defaults are PyTorch's, which the original ControlNet uses.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the mean of the gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of the squared gradients.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Share of a weight that is taken away each step, times the learning rate.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>
    /// Whether the two running means are kept in eight bits an element instead of 32, which takes a quarter of their
    /// memory: <see cref="EightBitMoment"/>.
    /// </summary>
    public bool EightBitState { get; init; }
}
