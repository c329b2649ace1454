using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// What the networks are told at a step on both sides of the guidance, in the compute dtype. All contexts have one
/// shape, and all vectors; either all sides have one or none. Borrowed.
/// </summary>
/// <param name="Unconditional">
/// The negative prompt; not used where the guidance scale is 1 and there is one part of weight 1.
/// </param>
/// <param name="Conditional">The parts of the prompt, at least one.</param>
internal sealed record StepSides(TextSide Unconditional, IReadOnlyList<WeightedSide> Conditional);

/// <summary>What the networks are told on one side.</summary>
/// <param name="Context">[1 or B, K, D]: what they attend to.</param>
/// <param name="Vector">
/// [1 or B, VectorChannels]: pooled text and sizes (<see cref="Networks.SizeConditioning.Vector"/>), for SDXL; null for
/// networks that take none.
/// </param>
internal sealed record TextSide(Tensor Context, Tensor? Vector = null);

/// <summary>A part of the prompt.</summary>
/// <param name="Side">What the networks are told of it.</param>
/// <param name="Weight">
/// How much the difference of its prediction to the unconditional one counts, 1 for a prompt of one part.
/// </param>
internal sealed record WeightedSide(TextSide Side, double Weight = 1);
