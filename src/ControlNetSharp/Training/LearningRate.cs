namespace ControlNetSharp.Training;

/// <summary>
/// Warm-up, plateau, linear fall to zero. The plateau has no memory of the total, so a run can be made longer or shorter by resuming it with another number of steps.
/// Source: Hägele et al. 2024, arXiv:2405.18392.
/// </summary>
public sealed record LearningRate
{
    /// <summary>The rate on the plateau.</summary>
    public required double Peak { get; init; }

    /// <summary>Steps from 0 to the plateau.</summary>
    public int WarmUpSteps { get; init; }

    /// <summary>Share of all steps, at the end, over which the rate falls; 0 for none.</summary>
    public double FallingShare { get; init; }

    /// <summary>The rate of a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public double At(long step, long steps)
    {
        var falling = steps * FallingShare;
        var rise = step < WarmUpSteps ? (step + 1.0) / WarmUpSteps : 1;
        var fall = step > steps - falling ? (steps - step) / falling : 1;
        return Peak * Math.Min(rise, fall);
    }
}
