using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>A ControlNet-LLLite with its hint, which acts inside of the UNet's attention.</summary>
/// <param name="Network">The network. Borrowed.</param>
/// <param name="Embedded">From <see cref="Lllite.Embed"/>, [1, tokens, E] each, in the compute dtype. Borrowed.</param>
/// <param name="Model">The UNet's shape.</param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedLllite(
    Lllite Network,
    IReadOnlyDictionary<LlliteSite, Tensor> Embedded,
    UNetParams Model,
    ControlStrength Strength
) : HintedControl(Strength)
{
    private readonly ILookup<AttentionPlace, (LlliteSite Site, double Factor)> _sites = Sites(Network, Model, Strength);

    /// <inheritdoc/>
    public override UNetAdditions Additions(UNetCall call) => new() { Blocks = [new InCall(this, call)] };

    /// <summary>
    /// Where the modules stand, and their factors beside the weight: those that a ControlNet's residuals of the same
    /// stages have.
    /// </summary>
    private static ILookup<AttentionPlace, (LlliteSite Site, double Factor)> Sites(
        Lllite network,
        UNetParams model,
        ControlStrength strength
    )
    {
        int StageOf((LllitePart Part, int Number) stage) =>
            LlliteParams.StageIn(model, stage.Part, stage.Number)!.Value;
        var factors = network
            .Params.Stages.Select(StageOf)
            .Index()
            .ToDictionary(
                stage => stage.Item,
                stage =>
                    strength.Layers is { } layers
                        ? layers[stage.Index]
                        : AttachedControl.FactorOf(model, strength, stage.Item)
            );
        AttentionPlace PlaceOf(LlliteSite site) => new(StageOf((site.Part, site.Number)), site.Block, site.IsSelf);
        return network
            .Params.Modules.Select(module => module.Site)
            .ToLookup(PlaceOf, site => (site, factors[PlaceOf(site).Stage]));
    }

    /// <summary>What it does in one call of the UNet.</summary>
    private sealed class InCall(AttachedLllite control, UNetCall call) : IBlockControl
    {
        private readonly double _weight = control.Strength.Weight.At(call.Position);

        /// <inheritdoc/>
        public AttentionInputs Into(AttentionPlace place, AttentionInputs inputs) =>
            control
                ._sites[place]
                .Aggregate(
                    inputs,
                    (seen, module) =>
                        module.Site.Projection switch
                        {
                            'q' => seen with { Query = Added(module, seen.Query, inputs) },
                            'k' => seen with { Key = Added(module, seen.Key, inputs) },
                            _ => seen with { Value = Added(module, seen.Value, inputs) },
                        }
                );

        private Tensor Added((LlliteSite Site, double Factor) module, Tensor input, AttentionInputs map)
        {
            using var scope = NewDisposeScope();
            var site = module.Site;
            var skipped = control.IsConditionalOnly ? call.Unconditional : 0;
            var seen = input.narrow(0, skipped, input.shape[0] - skipped);
            var added = control.Network.Added(site, seen, control.Embedded[site]);
            added = added.Times(_weight * module.Factor);
            added = control.GlobalAveragePooling ? added.mean([1], keepdim: true) : added;
            if (control.RegionOf(map.Height, map.Width, input.dtype) is { } region)
            {
                added = added * region;
            }

            added = control.WithUnconditionalFactor(added, call.Unconditional - skipped);
            return (
                skipped == 0 ? input.Plus(added) : cat([input.narrow(0, 0, skipped), seen.Plus(added)], 0)
            ).MoveToOuterDisposeScope();
        }
    }
}
