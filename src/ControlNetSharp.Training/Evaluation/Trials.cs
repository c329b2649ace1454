using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Evaluation;

/// <summary>What is tried with some ControlNets: each alone, and combinations of them.</summary>
internal sealed class Trials
{
    /// <summary>
    /// The kinds of the combinations; the same one twice for two units that share the picture: each has a half of the
    /// hint and acts in that half.
    /// </summary>
    private static readonly (string First, string Second)[] Combined =
    [
        ("pose", "depth"),
        ("segmentation", "canny"),
        ("canny", "canny"),
    ];

    /// <summary>
    /// The weight of each of two units that act on the same place: their residuals add up, and two at full strength
    /// would be more than either was made for.
    /// </summary>
    private const double WeightTogether = 0.7;

    /// <summary>Plans what is tried.</summary>
    /// <param name="controls">A ControlNet a kind.</param>
    /// <param name="withCombinations">Whether combinations are tried, too.</param>
    /// <exception cref="ArgumentException">There is no score for a kind.</exception>
    public Trials(IReadOnlyDictionary<string, ControlNetwork> controls, bool withCombinations)
    {
        foreach (var kind in controls.Keys)
        {
            _ = ConditionMetric.Of(kind);
        }

        Singles =
        [
            .. ConditionMetric
                .All.Where(metric => controls.ContainsKey(metric.Kind))
                .Select(metric => new Trial(metric.Kind, [new TrialUnit(metric.Kind, controls[metric.Kind])])),
        ];
        foreach (var trial in Singles)
        {
            trial.Groups.Add(GroupOf(trial.Kinds));
        }

        foreach (var (first, second) in withCombinations ? Combined : [])
        {
            var missing = new[] { first, second }.Distinct().Where(kind => !controls.ContainsKey(kind)).ToList();
            if (missing.Count > 0)
            {
                Skipped.Add(
                    $"{NameOf(first, second)} is left out: no ControlNet for {string.Join(" and ", missing)} is "
                        + "measured."
                );
                continue;
            }

            TrialUnit[] units =
                first == second
                    ?
                    [
                        new TrialUnit(first, controls[first], PictureHalf.Left),
                        new TrialUnit(second, controls[second], PictureHalf.Right),
                    ]
                    :
                    [
                        new TrialUnit(first, controls[first], Weight: WeightTogether),
                        new TrialUnit(second, controls[second], Weight: WeightTogether),
                    ];
            var trial = new Trial(NameOf(first, second), units);
            trial.Groups.Add(GroupOf(trial.Kinds));
            Combinations.Add(trial);
            // What it is compared with is measured on the same scenes.
            foreach (var kind in trial.Kinds)
            {
                SingleOf(kind).Groups.UnionWith(trial.Groups);
            }
        }
    }

    /// <summary>A trial for each kind, in the order of <see cref="ConditionMetric.All"/>.</summary>
    public IReadOnlyList<Trial> Singles { get; }

    /// <summary>The combinations for which there are ControlNets.</summary>
    public List<Trial> Combinations { get; } = [];

    /// <summary>Why other combinations are not tried, a sentence each.</summary>
    public List<string> Skipped { get; } = [];

    /// <summary>All of them.</summary>
    public IEnumerable<Trial> All => Singles.Concat(Combinations);

    /// <summary>Which kinds are asked for on which scenes.</summary>
    public IEnumerable<(string Kind, SceneGroup Group)> Questions =>
        All.SelectMany(trial => trial.Kinds.SelectMany(kind => trial.Groups.Select(group => (kind, group)))).Distinct();

    /// <summary>The group of scenes on which kinds are measured together.</summary>
    public static SceneGroup GroupOf(IEnumerable<string> kinds) =>
        kinds.Any(kind => ConditionMetric.Of(kind).IsOfPeople) ? SceneGroup.People : SceneGroup.Any;

    /// <summary>The trial of a kind alone.</summary>
    public Trial SingleOf(string kind) => Singles.First(trial => trial.Name == kind);

    private static string NameOf(string first, string second) =>
        first == second ? $"{first} left + {second} right" : $"{first} + {second}";
}
