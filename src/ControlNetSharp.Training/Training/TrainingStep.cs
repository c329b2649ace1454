using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>What a loss function is told of the part of a step that it computes.</summary>
/// <param name="Index">Number of the step, from 0.</param>
/// <param name="Count">Steps of the whole run.</param>
/// <param name="Part">Number of the part, from 0: a step's gradient is the mean of those of its parts.</param>
/// <param name="Random">Random numbers for choices outside of tensors.</param>
/// <param name="Generator">
/// Random numbers for tensors on the CPU. Both follow from the run's seed, the step and the part alone.
/// </param>
public sealed record TrainingStep(long Index, long Count, int Part, Random Random, Generator Generator)
{
    /// <summary>How far the run is, 0 to 1.</summary>
    public double Progress => (double)Index / Count;

    /// <summary>
    /// What else there is to say of the part, by name: its running mean goes into the metrics beside that of the loss.
    /// </summary>
    public IDictionary<string, double> Numbers { get; } = new Dictionary<string, double>(StringComparer.Ordinal);
}
