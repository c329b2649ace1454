namespace ControlNetSharp.Training;

/// <summary>Training cannot go on; the last checkpoint is intact.</summary>
public sealed class TrainingException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="step">The step at which it happened, counted from 1.</param>
    /// <param name="value">The number that is wrong (a loss, a norm).</param>
    public TrainingException(string message, long step, double value)
        : base(message)
    {
        Step = step;
        Value = value;
    }

    /// <summary>The step at which it happened, counted from 1.</summary>
    public long Step { get; }

    /// <summary>The number that is wrong.</summary>
    public double Value { get; }
}
