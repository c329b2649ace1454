namespace ControlNetSharp.Evaluation;

/// <summary>Turns the counts of an evaluation into its report.</summary>
/// <param name="trials">What was tried.</param>
/// <param name="tallies">The counts.</param>
/// <param name="counts">Pictures of each group.</param>
/// <param name="real">
/// Features of real pictures of other scenes, where they are compared with; null without a classifier.
/// </param>
internal sealed class ReportWriter(
    Trials trials,
    Tallies tallies,
    IReadOnlyDictionary<SceneGroup, int> counts,
    IReadOnlyDictionary<SceneGroup, float[][]>? real
)
{
    public EvaluationReport Write()
    {
        var kinds = trials.Singles.Select(Single).ToList();
        return new EvaluationReport(
            kinds,
            real is null ? null : Fidelity(kinds),
            real is null || real.Count == 0 ? null : Quality(kinds),
            [.. trials.Combinations.Select(Combined)],
            trials.Skipped
        );
    }

    private static SceneGroup GroupOf(Trial trial) => Trials.GroupOf(trial.Kinds);

    private static double? Mean(IEnumerable<double?> values)
    {
        var known = values.OfType<double>().ToList();
        return known.Count == 0 ? null : known.Average();
    }

    private ControlScore Single(Trial trial)
    {
        var group = GroupOf(trial);
        double? Named(Trial source) => real is null ? null : tallies.Fidelity(source, group)!.Named.Value;
        return Score(trial, trial.Name, group) with
        {
            PromptFidelity = Named(trial),
            PromptFidelityWithoutControl = Named(Tallies.WithoutControl),
            PromptFidelityOfRealPictures = Named(Tallies.Real),
            KernelDistance = Distance(trial, group),
            KernelDistanceWithoutControl = Distance(Tallies.WithoutControl, group),
        };
    }

    private ControlScore Score(Trial source, string kind, SceneGroup group)
    {
        var metric = ConditionMetric.Of(kind);
        double? Of(Trial other) => tallies.Condition(other, kind, group)!.Score;
        return new ControlScore(
            kind,
            metric.Name,
            metric.HigherIsBetter,
            counts.GetValueOrDefault(group),
            Of(source),
            Of(Tallies.WithoutControl),
            Of(Tallies.RoundTrip),
            Of(Tallies.Real)
        );
    }

    private double? Distance(Trial source, SceneGroup group) =>
        real?.GetValueOrDefault(group) is { } others
            ? KernelDistance.Between(tallies.Fidelity(source, group)!.Features, others)
            : null;

    private PromptFidelity Fidelity(List<ControlScore> kinds)
    {
        var group = trials.Singles.Select(GroupOf).Min();
        var seen = tallies.Fidelity(Tallies.Real, group)!;
        ClassifierHead Head(
            string name,
            Share accuracy,
            Func<FidelityTally, Share>? named = null,
            Share precision = default
        )
        {
            Share Sum(Func<Trial, Trial> source) =>
                named is null
                    ? default
                    : trials
                        .Singles.Select(trial => named(tallies.Fidelity(source(trial), GroupOf(trial))!))
                        .Aggregate((a, b) => a + b);
            return new ClassifierHead(
                name,
                accuracy.Value,
                precision.Value,
                Sum(trial => trial).Value,
                Sum(_ => Tallies.WithoutControl).Value
            );
        }

        return new PromptFidelity(
            Mean(kinds.Select(kind => kind.PromptFidelity)),
            Mean(kinds.Select(kind => kind.PromptFidelityWithoutControl)),
            Mean(kinds.Select(kind => kind.PromptFidelityOfRealPictures)),
            [
                Head("kind", seen.LabelledKinds),
                Head("time", seen.LabelledTimes, tally => tally.Times),
                Head("style", seen.LabelledStyles),
                Head("colour", seen.Colours, tally => tally.Colours),
                Head("things", seen.Things, tally => tally.Things, seen.SaidThings),
            ]
        );
    }

    private PictureQuality Quality(List<ControlScore> kinds) =>
        new(
            real!.Values.First().Length,
            Mean(kinds.Select(kind => kind.KernelDistance)),
            Mean(kinds.Select(kind => kind.KernelDistanceWithoutControl)),
            Mean(trials.Singles.Select(trial => Distance(Tallies.Real, GroupOf(trial))))
        );

    private CombinationScore Combined(Trial trial)
    {
        var group = GroupOf(trial);
        return new CombinationScore(
            trial.Name,
            [
                .. trial.Kinds.Select(kind => new CombinedKind(
                    Score(trial, kind, group),
                    Score(trials.SingleOf(kind), kind, group)
                )),
            ]
        );
    }
}
