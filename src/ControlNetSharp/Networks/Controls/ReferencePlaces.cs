using ControlNetSharp.Networks.Blocks;

namespace ControlNetSharp.Networks.Controls;

/// <summary>Where in a UNet a reference picture counts: more places for a larger weight.</summary>
/// <param name="Attention">The self-attention layers that see it.</param>
/// <param name="Statistics">The layers whose output gets its mean and deviation.</param>
internal sealed record ReferencePlaces(IReadOnlySet<AttentionPlace> Attention, IReadOnlySet<StagePlace> Statistics)
{
    /// <summary>The weight at which the last of the blocks takes part.</summary>
    private const double Most = 2;

    /// <summary>The places of a rule at a weight.</summary>
    /// <param name="model">The UNet's shape.</param>
    /// <param name="p">What counts, and by whose rule.</param>
    /// <param name="weight">0 for none, 1 for the usual, 2 for all.</param>
    public static ReferencePlaces Of(UNetParams model, ReferenceParams p, double weight) =>
        new(
            p.Attends
                ? AttentionOf(model, p.Rule == ReferenceRule.WebUi)
                    .Index()
                    .Where(place => weight > (double)place.Index / Depth(model))
                    .Select(place => place.Item)
                    .ToHashSet()
                : [],
            !p.TakesStatistics ? []
                : p.Rule == ReferenceRule.WebUi ? StatisticsOfWebUi(model)
                    .Where(place => weight > place.Least)
                    .Select(place => place.Place)
                    .ToHashSet()
                : StatisticsOfDiffusers(model)
                    .Where(place => weight >= place.Least)
                    .Select(place => place.Place)
                    .ToHashSet()
        );

    /// <summary>All transformer blocks.</summary>
    private static int Depth(UNetParams model) => UNetStages.All(model).Sum(stage => stage.Transformers);

    /// <summary>
    /// The self-attention layers, the widest first; of one width in LDM's order (input, middle, output) or diffusers'
    /// (down, up, middle).
    /// </summary>
    private static IEnumerable<AttentionPlace> AttentionOf(UNetParams model, bool inLdmOrder)
    {
        var (stages, middle) = (UNetStages.All(model), UNetStages.Input(model).Count);
        return stages
            .Index()
            .OrderByDescending(stage => stage.Item.ChannelsOut)
            .ThenBy(stage => !inLdmOrder && stage.Index == middle)
            .SelectMany(stage =>
                Enumerable
                    .Range(0, stage.Item.Transformers)
                    .Select(block => new AttentionPlace(stage.Index, block, IsSelf: true))
            );
    }

    /// <summary>
    /// The ends of the input blocks below the first level, of the middle block, and of the first two thirds of the
    /// output blocks.
    /// </summary>
    private static IEnumerable<(StagePlace Place, double Least)> StatisticsOfWebUi(UNetParams model)
    {
        var inputs = UNetStages.Input(model);
        var (stages, middle) = (UNetStages.All(model), inputs.Count);
        var lower = inputs.Index().Where(stage => stage.Item is { IsResidual: true, Level: > 0 }).ToList();
        var upper = stages.Index().Skip(middle + 1).Take(2 * (stages.Count - middle - 1) / 3).ToList();
        return
        [
            .. lower.Select((stage, i) => (End(stage), Most * (1 - (double)i / lower.Count))),
            (End((middle, stages[middle]), isMiddle: true), 0.0),
            .. upper.Select((stage, i) => (End(stage), Most * i / upper.Count)),
        ];
    }

    /// <summary>
    /// Behind each residual block with its transformers, before the size changes; all of a level have one weight.
    /// </summary>
    private static IEnumerable<(StagePlace Place, double Least)> StatisticsOfDiffusers(UNetParams model)
    {
        var (stages, middle) = (UNetStages.All(model), UNetStages.Input(model).Count);
        double Levels(double number) => Most * number / model.Levels.Count;
        return stages
            .Index()
            .Where(stage => stage.Item.IsResidual)
            .Select(stage =>
                stage.Index == middle
                    ? (End(stage, isMiddle: true), 0.0)
                    : (
                        End(stage, beforeUpsampling: true),
                        Levels(
                            stage.Index < middle
                                ? model.Levels.Count - stage.Item.Level
                                : model.Levels.Count - 1 - stage.Item.Level
                        )
                    )
            );
    }

    /// <summary>
    /// The last layer of a stage: a residual block, transformers where there are, in the middle another residual block,
    /// an upsampling where there is one.
    /// </summary>
    private static StagePlace End(
        (int Index, StageShape Shape) stage,
        bool isMiddle = false,
        bool beforeUpsampling = false
    ) =>
        new(
            stage.Index,
            (stage.Shape.Transformers > 0 ? 1 : 0)
                + (isMiddle ? 1 : 0)
                + (stage.Shape.Upsamples && !beforeUpsampling ? 1 : 0)
        );
}
