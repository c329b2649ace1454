using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>How far a batch is, told after each step on the thread that computes.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Steps">Steps of all passes.</param>
/// <param name="Seconds">Seconds since sampling began.</param>
/// <param name="Denoised">
/// The clean latents as the network sees them now, [B, 4, h, w], scaled. Borrowed: only valid during the call.
/// </param>
public sealed record SamplingProgress(int Step, int Steps, double Seconds, Tensor Denoised);
