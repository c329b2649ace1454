using System.Runtime.InteropServices;
using ControlNetSharp.Diffusion;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>What a sampler tells after each step.</summary>
/// <param name="Index">The step that is done, from 0.</param>
/// <param name="Count">How many steps the run has.</param>
/// <param name="Level">The noise level at which the step started.</param>
/// <param name="Denoised">
/// The clean latents predicted at that level, [B, C, h, w]: the preview. Borrowed: disposed after the callback.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SamplerStep(int Index, int Count, NoiseLevel Level, Tensor Denoised);
