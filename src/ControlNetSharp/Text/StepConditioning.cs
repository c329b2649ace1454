namespace ControlNetSharp.Text;

/// <summary>What the network is told at a step. The contexts have one shape.</summary>
/// <param name="Unconditional">The negative prompt.</param>
/// <param name="Conditional">The parts of the prompt, at least one.</param>
internal sealed record StepConditioning(
    TextConditioning Unconditional,
    IReadOnlyList<WeightedConditioning> Conditional
);

/// <summary>An encoded part of a prompt.</summary>
/// <param name="Text">The part.</param>
/// <param name="Weight">How much its prediction counts, 1 for a prompt of one part.</param>
internal sealed record WeightedConditioning(TextConditioning Text, double Weight);
