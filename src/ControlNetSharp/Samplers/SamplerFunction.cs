using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// The common shape of all samplers, for the catalogue; those without eta or noise do not look at them.
/// </summary>
/// <param name="denoise">The denoiser.</param>
/// <param name="latents">[B, C, h, w] at the first step's From. Borrowed.</param>
/// <param name="steps">Falling noise levels, at least one step.</param>
/// <param name="eta">Amount of fresh noise, 0 to 1.</param>
/// <param name="noise">Draws the fresh noise.</param>
/// <param name="onStep">Called after each step.</param>
/// <param name="cancellationToken">Looked at before each step.</param>
/// <returns>The latents at the last step's To; fresh, owned by the caller.</returns>
public delegate Tensor SamplerFunction(
    Denoiser denoise,
    Tensor latents,
    IReadOnlyList<LevelStep> steps,
    double eta,
    NoiseSource noise,
    Action<SamplerStep>? onStep,
    CancellationToken cancellationToken
);
