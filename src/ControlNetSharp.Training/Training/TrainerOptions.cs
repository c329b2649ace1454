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

    /// <summary>The weights that Muon moves in AdamW's place; null for none.</summary>
    public MuonOptions? Muon { get; init; }

    /// <summary>
    /// Gradients are scaled down to this norm (AdamW's; Muon's steps do not depend on it); null for no clipping.
    /// </summary>
    public double? LargestGradientNorm { get; init; } = 1;

    /// <summary>Decay of the average of the weights, a step; null for no average.</summary>
    public double? AverageDecay { get; init; }

    /// <summary>
    /// Threads that compute the loss side by side, each on a batch of its own; the gradients are averaged. 1 or 2: the
    /// sum of more gradients would depend on who comes first.
    /// On a CPU two workers with one libtorch thread each beat one worker with two, which wait for one another at every
    /// layer.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>
    /// How many parts a worker computes before a step is taken; more than 1 with one worker only, for the same reason.
    /// </summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Seed of everything that is drawn.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Steps between two lines of progress.</summary>
    public int LogEvery { get; init; } = 50;

    /// <summary>Steps between two validations.</summary>
    public int ValidateEvery { get; init; } = 1000;

    /// <summary>The longest time between two checkpoints.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most steps between two checkpoints.</summary>
    public long SaveEverySteps { get; init; } = long.MaxValue;

    /// <summary>How many checkpoints are kept.</summary>
    public int KeepCheckpoints { get; init; } = 1;

    /// <summary>
    /// What a run is known by, such as its seed and its data: a checkpoint of a run that differs in it is refused. Keys
    /// are words for people; the first that differs is named, so what
    /// others follow from comes before them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Identity { get; init; } = new Dictionary<string, string>();
}
