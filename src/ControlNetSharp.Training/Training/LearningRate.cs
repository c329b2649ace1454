namespace ControlNetSharp.Training;

/// <summary>How the learning rate runs between warm-up and the last step.</summary>
public enum LearningRateShape
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls to zero on a straight line.</summary>
    Linear,

    /// <summary>It falls to zero on half a cosine wave.</summary>
    Cosine,

    /// <summary>
    /// It stays, then falls to zero on a straight line over the last <see cref="LearningRate.FallingShare"/> of the
    /// steps. The plateau has no memory of the total, so a run can be made
    /// longer or shorter by resuming it with another number of steps. Source: Hägele et al. 2024, arXiv:2405.18392.
    /// </summary>
    Plateau,
}

/// <summary>The learning rate over a run: warm-up on a straight line, then a shape.</summary>
public sealed record LearningRate
{
    /// <summary>The highest rate.</summary>
    public required double Peak { get; init; }

    /// <summary>Steps from 0 to the peak.</summary>
    public int WarmUpSteps { get; init; }

    /// <summary>What follows the warm-up.</summary>
    public LearningRateShape Shape { get; init; }

    /// <summary>
    /// For <see cref="LearningRateShape.Plateau"/>: the share of all steps, at the end, over which the rate falls.
    /// </summary>
    public double FallingShare { get; init; } = 0.3;

    /// <summary>The rate of a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public double At(long step, long steps)
    {
        var rise = step < WarmUpSteps ? (step + 1.0) / WarmUpSteps : 1;
        var done = Math.Clamp((double)(step - WarmUpSteps) / Math.Max(1, steps - WarmUpSteps), 0, 1);
        var falling = steps * FallingShare;
        var fall = Shape switch
        {
            LearningRateShape.Linear => 1 - done,
            LearningRateShape.Cosine => (1 + Math.Cos(Math.PI * done)) / 2,
            LearningRateShape.Plateau => step > steps - falling ? Math.Max(0, steps - step) / falling : 1,
            _ => 1,
        };
        return Peak * Math.Min(rise, fall);
    }
}
