using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The sides of the guidance that stand in one call of the networks, the unconditional ones first; what several areas
/// are told stands there once.
/// </summary>
/// <param name="All">The sides, in the order of their rows.</param>
/// <param name="Unconditional">How many of the first ones are unconditional; 0 where none is needed.</param>
internal sealed record CalledSides(IReadOnlyList<TextSide> All, int Unconditional)
{
    /// <summary>Those that a step needs.</summary>
    /// <param name="texts">What the networks are told in each area.</param>
    /// <param name="guidanceScale">Of the run.</param>
    public static CalledSides Of(IReadOnlyList<StepSides> texts, double guidanceScale)
    {
        // One part that counts fully needs no unconditional side to be measured from.
        var isGuided = guidanceScale != 1 || texts.Any(text => text.Conditional is not [{ Weight: 1 }]);
        List<TextSide> unconditional = isGuided ? Once(texts.Select(text => text.Unconditional)) : [];
        var conditional = Once(texts.SelectMany(text => text.Conditional.Select(part => part.Side)));
        return new([.. unconditional, .. conditional], unconditional.Count);
    }

    /// <summary>Pictures, for each of the sides: [S·B, C, h, w].</summary>
    public Tensor ForEach(Tensor pictures) => All.Count == 1 ? pictures : cat([.. All.Select(_ => pictures)], 0);

    /// <summary>Classifier-free guidance between the sides of an area.</summary>
    /// <param name="text">The area's sides.</param>
    /// <param name="predicted">What was predicted for <see cref="All"/>. Borrowed.</param>
    /// <param name="guidanceScale">Of the run.</param>
    public Tensor Guided(StepSides text, IReadOnlyList<Tensor> predicted, double guidanceScale)
    {
        Tensor Of(TextSide side, int from) => predicted[IndexOf(side, from)];
        if (Unconditional == 0)
        {
            return Of(text.Conditional[0].Side, 0);
        }

        var without = Of(text.Unconditional, 0);
        return text.Conditional.Aggregate(
            without,
            (sum, part) => sum.Plus((Of(part.Side, Unconditional) - without).Times(guidanceScale * part.Weight))
        );
    }

    private static List<TextSide> Once(IEnumerable<TextSide> sides) =>
        [.. sides.Distinct<TextSide>(ReferenceEqualityComparer.Instance)];

    private int IndexOf(TextSide side, int from) =>
        Enumerable.Range(from, All.Count - from).First(index => ReferenceEquals(All[index], side));
}
