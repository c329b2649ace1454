using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>
/// Draws standard normal noise. Samplers ask only for noise that they use, so the k-th draw of a seed belongs to the
/// k-th noisy step.
/// </summary>
/// <param name="like">Gives the shape, type and device. Borrowed.</param>
/// <returns>A fresh tensor, owned by the caller.</returns>
public delegate Tensor NoiseSource(Tensor like);
