namespace ControlNetSharp.Training;

/// <summary>How a <see cref="Trainer"/> runs.</summary>
public sealed record TrainerOptions
{
    /// <summary>Where checkpoint and metrics are written.</summary>
    public required string Folder { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public required long Steps { get; init; }

    /// <summary>The learning rate over the run.</summary>
    public required LearningRate LearningRate { get; init; }

    /// <summary>Constants of the optimizer.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Gradients are scaled down to this norm; null for no clipping.</summary>
    public double? LargestGradientNorm { get; init; } = 1;

    /// <summary>Decay of the average of the weights, a step.</summary>
    public double AverageDecay { get; init; } = 0.999;

    /// <summary>Seed of everything that is drawn.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Steps between two lines of progress.</summary>
    public int LogEvery { get; init; } = 50;

    /// <summary>Steps between two validations.</summary>
    public int ValidateEvery { get; init; } = 1000;

    /// <summary>Time between two checkpoints.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromMinutes(5);
}
