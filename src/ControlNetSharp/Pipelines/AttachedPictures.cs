using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// An IP-Adapter with its pictures: keys and values that are the same at all steps. The unconditional side of the
/// guidance attends to no picture in the same way, so that the difference is the picture's.
/// </summary>
/// <param name="Conditional">Of the pictures, [1, N, C] each, with the factors of the layers. Borrowed.</param>
/// <param name="Unconditional">Of no picture, [1, N, C] each, at the same places. Borrowed.</param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedPictures(
    IReadOnlyDictionary<AttentionPlace, PictureKeys> Conditional,
    IReadOnlyDictionary<AttentionPlace, PictureKeys> Unconditional,
    ControlStrength Strength
) : IControl
{
    /// <summary>Where it acts: [1, 1, H, W], 0..1, of any size; null for everywhere. Borrowed.</summary>
    public Tensor? Region { get; init; }

    /// <inheritdoc/>
    public bool ActsAt(int step, int steps) => Strength.ActsAt(step, steps);

    /// <inheritdoc/>
    public UNetAdditions Additions(UNetCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var (rows, without) = (call.Input.shape[0], call.Unconditional);
        var weight = Strength.Weight.At(call.Position);
        Tensor Both(Tensor nothing, Tensor picture) =>
            without == 0 ? picture : cat([nothing.expand(without, -1, -1), picture.expand(rows - without, -1, -1)], 0);
        var keys = Conditional.ToDictionary(
            place => place.Key,
            place => new PictureKeys(
                Both(Unconditional[place.Key].Key, place.Value.Key),
                Both(Unconditional[place.Key].Value, place.Value.Value),
                weight * place.Value.Weight
            )
        );
        return new() { Blocks = [new PictureAttention(keys) { Region = Region }] };
    }
}
