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
/// <param name="Size">Of the pictures in this pass.</param>
/// <param name="Pass">Which pass it is.</param>
/// <param name="Model">The UNet's shape.</param>
/// <param name="Placement">Device and compute dtype.</param>
internal sealed record ControlAttachment(PictureSize Size, ControlPasses Pass, UNetParams Model, Placement Placement)
{
    /// <summary>What a hint counts where a ControlNet for inpainting is to make the picture anew.</summary>
    private const float Hole = -1;

    /// <summary>The units that act in this pass; their tensors are of the dispose scope.</summary>
    public List<IControl> All(IEnumerable<PreparedControl> units)
    {
        var acting = units.Where(unit => unit.ActsIn(Pass)).ToList();
        acting.ForEach(RequireLayers);
        return [.. Together(acting).Select(Attached)];
    }

    /// <summary>
    /// The units that one pass of a network serves: those of one union ControlNet, of different kinds, that agree in
    /// all else. All others stand alone.
    /// </summary>
    private static List<List<PreparedControl>> Together(IReadOnlyList<PreparedControl> units)
    {
        var groups = new List<List<PreparedControl>>();
        foreach (var unit in units)
        {
            bool Shares(List<PreparedControl> others) =>
                unit.ControlNet is ControlNetUnion union
                && ReferenceEquals(others[0].ControlNet, union)
                && others.TrueForAll(other => KindOf(union, other) != KindOf(union, unit))
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
            var other => throw new NotSupportedException($"There is no way to attach a {other.GetType().Name}."),
        };
        return control with
        {
            Region = area,
            GlobalAveragePooling = unit.GlobalAveragePooling,
        };
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
                .Keys(of, Model, layer => unit.Strength.Weight * factors[layer])
                .ToDictionary(
                    place => place.Key,
                    place => place.Value with { Key = Kept(place.Value.Key), Value = Kept(place.Value.Value) }
                );
        var nothing = reference.Nothing.expand_as(reference.Encoded);
        return new AttachedPictures(Keys(Together(reference.Encoded)), Keys(Together(nothing)), unit.Strength);
    }

    /// <summary>[1, 3, H, W] at the size of the pass, in the compute dtype.</summary>
    private Tensor Hint(PreparedControl unit, float hole)
    {
        var picture = Pass == ControlPasses.High ? unit.HiresHint ?? unit.Hint : unit.Hint;
        var hint = PictureTensors.ToHint(PictureResizing.FitHint(picture, Size.Width, Size.Height, unit.Resize));
        if (unit.Holes is { } holes)
        {
            hint = where(Fitted(unit, holes).mean([1], keepdim: true).IsAbove(0.5), ones_like(hint).Times(hole), hint);
        }

        return hint.to(Placement.Dtype).to(Placement.Device);
    }

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
