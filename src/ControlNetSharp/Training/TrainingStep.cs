namespace ControlNetSharp.Training;

/// <summary>What a loss function is told of the step it computes.</summary>
/// <param name="Index">Number of the step, from 0.</param>
/// <param name="Count">Steps of the whole run.</param>
/// <param name="Random">Random numbers of this step for choices outside of tensors; torch's own generator is seeded for the step, too.</param>
public sealed record TrainingStep(long Index, long Count, Random Random)
{
    /// <summary>How far the run is, 0 to 1.</summary>
    public double Progress => (double)Index / Count;
}
