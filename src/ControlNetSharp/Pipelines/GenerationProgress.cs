using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>How far a generation is, told after each step.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="Seconds">Seconds since sampling began.</param>
/// <param name="Preview">The clean latents as the network sees them now, [B, 4, h, w], scaled. Borrowed: only valid during the call.</param>
public sealed record GenerationProgress(int Step, int Steps, double Seconds, Tensor Preview);
