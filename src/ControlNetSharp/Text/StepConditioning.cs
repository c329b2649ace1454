using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>What the network is told at a step. All tensors have one shape.</summary>
/// <param name="Unconditional">[1 or B, K, D]: the negative prompt.</param>
/// <param name="Conditional">The parts of the prompt, at least one.</param>
public sealed record StepConditioning(Tensor Unconditional, IReadOnlyList<WeightedConditioning> Conditional);

/// <summary>An encoded part of a prompt.</summary>
/// <param name="Context">[1 or B, K, D].</param>
/// <param name="Weight">How much its prediction counts, 1 for a prompt of one part.</param>
public sealed record WeightedConditioning(Tensor Context, double Weight);
