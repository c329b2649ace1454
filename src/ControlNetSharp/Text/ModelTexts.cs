namespace ControlNetSharp.Text;

/// <summary>The text encoders of a model and how its family makes conditioning of them.</summary>
/// <param name="Encoders">In the order in which their features stand side by side. Borrowed.</param>
/// <param name="Pools">Whether the last one gives a vector for the whole prompt, too.</param>
/// <param name="ZerosForEmptyNegative">Whether an empty negative prompt is all zeros.</param>
internal sealed record ModelTexts(
    IReadOnlyList<ITextEncoder> Encoders,
    bool Pools = false,
    bool ZerosForEmptyNegative = false
);
