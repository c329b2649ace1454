namespace ControlNetSharp.Training;

/// <summary>How much it counts that pictures show what their hints say.</summary>
/// <param name="Weight">What the loss of a rewarded example is multiplied with; above 0.</param>
/// <param name="Timestep">The last timestep at which examples are rewarded, 0 to 999.</param>
internal sealed record RewardOptions(double Weight, int Timestep)
{
    /// <summary>That of the paper.</summary>
    public const int UsualTimestep = 200;

    /// <summary>The share of the examples that are rewarded, of those whose hints can be read.</summary>
    /// <param name="timesteps">How many timesteps there are.</param>
    public double Share(int timesteps) => Math.Min((Timestep + 1.0) / timesteps, 1);
}
