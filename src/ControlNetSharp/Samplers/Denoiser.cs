using ControlNetSharp.Diffusion;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// Predicts clean latents: network, guidance, control and prediction type are behind this, samplers see nothing else.
/// </summary>
/// <param name="noisy">[B, C, h, w] at <paramref name="level"/>. Borrowed.</param>
/// <param name="level">How noisy it is.</param>
/// <param name="step">The step of the run that asks, from 0; samplers of second order ask twice in one.</param>
/// <returns>The predicted clean latents, [B, C, h, w]; a fresh tensor, owned by the caller.</returns>
public delegate Tensor Denoiser(Tensor noisy, NoiseLevel level, int step);
