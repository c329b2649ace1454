using ControlNetSharp.Requests;

namespace ControlNetSharp.Training;

/// <summary>
/// How a control is trained. Defaults are the original's: AdamW at 1e-5, batches of 4, every second prompt dropped.
/// </summary>
internal sealed record TrainingRunOptions
{
    /// <summary>Steps after which a run without <see cref="Steps"/> ends in any case.</summary>
    public const long MostAutomaticSteps = 20_000;

    private readonly long _seed = 1;

    /// <summary>Where checkpoints, metrics, samples, report and the finished network are written.</summary>
    public required string Folder { get; init; }

    /// <summary>Steps of the whole run; null to end it when the fidelity has converged and rises no more.</summary>
    public long? Steps { get; init; }

    /// <summary>Pictures whose gradients are computed together.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Batches a step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>The learning rate.</summary>
    public required LearningRate LearningRate { get; init; }

    /// <summary>Constants of AdamW.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>
    /// The weights that Muon moves in AdamW's place; null for none. See <see cref="TrainableDenoiser.ForMuon"/>.
    /// </summary>
    public MuonOptions? Muon { get; init; }

    /// <summary>Gradients are scaled down to this norm; null for no clipping.</summary>
    public double? LargestGradientNorm { get; init; } = 1;

    /// <summary>
    /// Share of prompts that are replaced by the empty one, so that the network learns to read the hint alone.
    /// </summary>
    public double EmptyPrompts { get; init; } = 0.5;

    /// <summary>See <see cref="DenoisingLoss"/>.</summary>
    public required DenoisingLoss Loss { get; init; }

    /// <summary>How much it counts that pictures show what their hints say; null for no reward.</summary>
    public RewardOptions? Reward { get; init; }

    /// <summary>
    /// Share of batches that are controlled where the teacher of a distillation has ControlNets.
    /// </summary>
    public double ControlledShare { get; init; }

    /// <summary>
    /// Deviation of a noise that is the same in all pixels of a channel, added to each picture's noise, so that dark
    /// and bright pictures are learned; 0 for none.
    /// </summary>
    public double NoiseOffset { get; init; }

    /// <summary>Decay of the average of the weights, a step; null for no average.</summary>
    public double? AverageDecay { get; init; }

    /// <summary>Steps between two validations.</summary>
    public int ValidateEvery { get; init; } = 500;

    /// <summary>Pictures that are made at each validation.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>How they are sampled: sampler, steps and guidance.</summary>
    public GenerationRequest Sampling { get; init; } = new() { Prompt = "" };

    /// <summary>Steps between two checkpoints.</summary>
    public int SaveEvery { get; init; } = 500;

    /// <summary>How many checkpoints are kept.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Threads that compute side by side: <see cref="TrainerOptions.Workers"/>.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Seed of everything that is drawn, 0 to 2147483647.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Another seed.</exception>
    public long Seed
    {
        get => _seed;
        init =>
            _seed = value is >= 0 and <= int.MaxValue
                ? value
                : throw new ArgumentOutOfRangeException(nameof(Seed), value, $"Seed must be from 0 to {int.MaxValue}.");
    }

    /// <summary>
    /// What else a resumed run must share with the one before, beside seed, batch size, target and data:
    /// <see cref="TrainerOptions.Identity"/>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Identity { get; init; } = new Dictionary<string, string>();
}
