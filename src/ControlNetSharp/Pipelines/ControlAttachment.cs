using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// From units to what the denoiser asks at each step: hints at the size of the pass, encoded once. This is the one
/// place that knows the kinds of networks.
/// </summary>
/// <param name="Request">Seed and batch.</param>
/// <param name="Size">Of the pictures in this pass.</param>
/// <param name="Pass">Which pass it is.</param>
/// <param name="UNet">The UNet. Borrowed.</param>
/// <param name="LatentPictures">Pictures to latents.</param>
/// <param name="Placement">Device and compute dtype.</param>
internal sealed record ControlAttachment(
    GenerationRequest Request,
    PictureSize Size,
    ControlPasses Pass,
    UNet UNet,
    LatentPictures LatentPictures,
    Placement Placement
)
{
    /// <summary>What a hint counts where a ControlNet for inpainting is to make the picture anew.</summary>
    private const float Hole = -1;

    private UNetParams Model => UNet.Params;

    /// <summary>The units that act in this pass; their tensors are of the dispose scope.</summary>
    public List<IControl> All(IEnumerable<PreparedControl> units)
    {
        var acting = units.Where(unit => unit.ActsIn(Pass)).Select(unit => unit.In(Pass)).ToList();
        acting.ForEach(RequireLayers);
        return [.. Together(acting).Select(Attached)];
    }

    /// <summary>
    /// The units that act as one: those of one union ControlNet, of different kinds, and reference pictures that are
    /// seen alike, where they agree in all else. All others stand alone.
    /// </summary>
    private static List<List<PreparedControl>> Together(IReadOnlyList<PreparedControl> units)
    {
        var groups = new List<List<PreparedControl>>();
        foreach (var unit in units)
        {
            bool Shares(List<PreparedControl> others) =>
                (unit.ControlNet, others[0].ControlNet) switch
                {
                    (ControlNetUnion union, var other) => ReferenceEquals(other, union)
                        && others.TrueForAll(other => KindOf(union, other) != KindOf(union, unit)),
                    (Reference reference, Reference other) => other.Params == reference.Params,
                    _ => false,
                }
                && others[0].Strength.IsLike(unit.Strength)
                && others[0].GlobalAveragePooling == unit.GlobalAveragePooling
                && unit.Region is null
                && others[0].Region is null;
            if (groups.Find(Shares) is { } shared)
            {
                shared.Add(unit);
            }
            else
            {
                groups.Add([unit]);
            }
        }

        return groups;
    }

    private IControl Attached(IReadOnlyList<PreparedControl> units)
    {
        using var scope = NewDisposeScope();
        var unit = units[0];
        var area = unit.Region is { } region
            ? Kept(Fitted(unit, region).mean([1], keepdim: true).to(Placement.Device))
            : null;
        if (unit.ControlNet is IpAdapter pictures)
        {
            return Attached(pictures, unit) with { Region = area };
        }

        HintedControl control = unit.ControlNet switch
        {
            ControlNet net => new AttachedControl(net, Kept(net.EncodeHint(Hint(unit, Hole))), unit.Strength),
            ControlNetUnion union => Attached(union, units),
            T2IAdapter adapter => Attached(adapter, unit),
            Lllite lllite => Attached(lllite, unit),
            Reference reference => Attached(reference, units),
            var other => throw new NotSupportedException($"There is no way to attach a {other.GetType().Name}."),
        };
        return control with { Region = area, GlobalAveragePooling = unit.GlobalAveragePooling };
    }

    private AttachedUnion Attached(ControlNetUnion union, IReadOnlyList<PreparedControl> units)
    {
        // In the order of the kinds, as in the original, so that the order of the units changes no bit.
        var kinds = units
            .Select(unit => (Unit: unit, Number: KindOf(union, unit)))
            .OrderBy(kind => kind.Number)
            .ToList();
        // Repainting was trained with black holes, not with those of the ControlNets of SD 1.x.
        var encoded = kinds
            .Select(kind => union.EncodeHint(Hint(kind.Unit, hole: 0), kind.Number))
            .Aggregate((sum, hint) => sum.Plus(hint));
        return new AttachedUnion(union, Kept(encoded), [.. kinds.Select(kind => kind.Number)], units[0].Strength);
    }

    private AttachedAdapter Attached(T2IAdapter adapter, PreparedControl unit)
    {
        var features = adapter.Forward(Hint(unit, hole: 0)).Select(Kept);
        return new AttachedAdapter(
            adapter.Params.PlacesIn(Model).Zip(features).ToDictionary(pair => pair.First, pair => pair.Second),
            unit.Strength
        );
    }

    private AttachedPictures Attached(IpAdapter adapter, PreparedControl unit)
    {
        var reference =
            unit.Reference
            ?? throw new ArgumentException(
                "An IP-Adapter needs what an image encoder says of its picture; a ControlNetEngine asks one."
            );
        var factors =
            unit.Strength.Layers
            ?? TransferLayers.Of(reference.Transfer, Model)
            ?? throw new ArgumentException($"{reference.Transfer} cannot be taken over: {TransferLayers.Allowed}");
        // Both sides of the guidance have as many tokens: as often as there are pictures, those of none.
        Tensor Together(Tensor encoded)
        {
            var tokens = adapter.Tokens(encoded);
            return reference.Combine == PictureCombination.Average
                ? tokens.mean([0], keepdim: true)
                : tokens.reshape(1, -1, tokens.shape[2]);
        }

        IReadOnlyDictionary<AttentionPlace, PictureKeys> Keys(Tensor of) =>
            adapter
                .Keys(of, Model, layer => factors[layer])
                .ToDictionary(
                    place => place.Key,
                    place => place.Value with { Key = Kept(place.Value.Key), Value = Kept(place.Value.Value) }
                );
        var nothing = reference.Nothing.expand_as(reference.Encoded);
        return new AttachedPictures(Keys(Together(reference.Encoded)), Keys(Together(nothing)), unit.Strength);
    }

    private AttachedLllite Attached(Lllite lllite, PreparedControl unit)
    {
        var embedded = lllite.Embed(Hint(unit, hole: 0)).ToDictionary(seen => seen.Key, seen => Kept(seen.Value));
        return new AttachedLllite(lllite, embedded, Model, unit.Strength);
    }

    private AttachedReference Attached(Reference reference, IReadOnlyList<PreparedControl> units)
    {
        var strength = units[0].Strength;
        return new AttachedReference(
            UNet,
            [.. units.Select(unit => Kept(Seen(unit)))],
            StepNoise,
            reference.Params,
            AttachedReference.FidelityIn(Pass, strength.Mode, reference.Params, Model),
            strength
        );
    }

    /// <summary>
    /// The latents of a reference picture, [1, 4, h, w], float32. For an inpainting model nothing of it is masked, so
    /// that it has the picture beside them.
    /// </summary>
    private Tensor Seen(PreparedControl unit)
    {
        var picture = PictureResizing.Fit(HintOf(unit), Size.Width, Size.Height, unit.Resize);
        var latents = LatentPictures.Encode([picture]);
        return Model.ConcatenatedChannels == 0
            ? latents
            : cat([latents, zeros_like(latents.narrow(1, 0, 1)), latents], 1);
    }

    /// <summary>Noise for a step, that of picture k from a seed of its own; fresh.</summary>
    private Tensor StepNoise(int step) =>
        LatentPictures.Noise(
            Enumerable
                .Range(0, Request.Batch)
                .Select(picture => Seeds.For("reference", Request.Seed!.Value + picture, step)),
            Size
        );

    /// <summary>[1, 3, H, W] at the size of the pass, in the compute dtype.</summary>
    private Tensor Hint(PreparedControl unit, float hole)
    {
        var picture = PictureResizing.FitHint(HintOf(unit), Size.Width, Size.Height, unit.Resize);
        var hint = PictureTensors.ToHint(picture);
        if (unit.Holes is { } holes)
        {
            hint = where(Fitted(unit, holes).mean([1], keepdim: true).IsAbove(0.5), ones_like(hint).Times(hole), hint);
        }

        return hint.to(Placement.Dtype).to(Placement.Device);
    }

    private Picture HintOf(PreparedControl unit) =>
        Pass == ControlPasses.High ? unit.HiresHint ?? unit.Hint : unit.Hint;

    private Tensor Fitted(PreparedControl unit, Picture mask) =>
        PictureTensors.ToHint(PictureResizing.Fit(mask, Size.Width, Size.Height, unit.Resize));

    private static Tensor Kept(Tensor tensor) => tensor.MoveToOuterDisposeScope();

    private static int KindOf(ControlNetUnion union, PreparedControl unit) =>
        UnionKinds.NumberOf(unit.Kind ?? "", union.Params.Kinds)
        ?? throw new ArgumentException(
            $"This union ControlNet takes hints of the kinds {string.Join(", ", UnionKinds.Of(union.Params.Kinds))}; "
                + $"the unit's is {(unit.Kind is null ? "not said" : $"'{unit.Kind}'")}."
        );

    private void RequireLayers(PreparedControl unit)
    {
        if (unit.Strength.Layers is { } layers && layers.Count != unit.ControlNet.LayersIn(Model))
        {
            throw new ArgumentException(
                $"Layers must have {unit.ControlNet.LayersIn(Model)} weights for this ControlNet, one for each of its "
                    + $"layers; it has {layers.Count}."
            );
        }
    }
}
