namespace ControlNetSharp.Evaluation;

/// <summary>
/// The counts of an evaluation: for each source of pictures and each group of scenes its conditions and what a
/// classifier sees.
/// </summary>
internal sealed class Tallies
{
    private readonly Dictionary<(Trial Source, string Kind, SceneGroup Group), ConditionTally> _conditions = [];
    private readonly Dictionary<(Trial Source, SceneGroup Group), FidelityTally> _fidelities = [];

    /// <summary>Makes empty ones for everything that is tried.</summary>
    public Tallies(Trials trials)
    {
        Trial[] always = [Real, RoundTrip, WithoutControl];
        foreach (var (kind, group) in trials.Questions)
        {
            foreach (
                var source in always.Concat(
                    trials.All.Where(trial => trial.Kinds.Contains(kind) && trial.Groups.Contains(group))
                )
            )
            {
                _conditions.Add((source, kind, group), ConditionMetric.Of(kind).NewTally());
            }
        }

        foreach (var group in trials.Questions.Select(question => question.Group).Distinct())
        {
            foreach (
                var source in trials
                    .Singles.Where(trial => Trials.GroupOf(trial.Kinds) == group)
                    .Concat([Real, WithoutControl])
            )
            {
                _fidelities.Add((source, group), new FidelityTally());
            }
        }
    }

    /// <summary>The source of real pictures.</summary>
    public static Trial Real { get; } = new("real pictures", []);

    /// <summary>The source of real pictures after the Autoencoder's round trip.</summary>
    public static Trial RoundTrip { get; } = new("round trip", []);

    /// <summary>The source of pictures from the prompt alone.</summary>
    public static Trial WithoutControl { get; } = new("without control", []);

    /// <summary>The tally of a condition; null where nothing asks for it.</summary>
    public ConditionTally? Condition(Trial source, string kind, SceneGroup group) =>
        _conditions.GetValueOrDefault((source, kind, group));

    /// <summary>The tally of what a classifier sees; null where nothing asks for it.</summary>
    public FidelityTally? Fidelity(Trial source, SceneGroup group) => _fidelities.GetValueOrDefault((source, group));
}
