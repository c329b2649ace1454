using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Samplers;

/// <summary>From what a network predicts to clean latents.</summary>
internal static class Predictions
{
    /// <summary>
    /// The clean latents that a prediction means. Shapes are those of the latents; the result is fresh and owned by the
    /// caller.
    /// </summary>
    /// <param name="type">What <paramref name="prediction"/> is.</param>
    /// <param name="prediction">The network's output. Borrowed.</param>
    /// <param name="noisy">The latents that it was made from. Borrowed.</param>
    /// <param name="level">Their noise level.</param>
    /// <exception cref="ArgumentException">
    /// An epsilon prediction at pure noise: it says nothing about the picture, so a zero-terminal-SNR schedule needs
    /// another type.
    /// </exception>
    public static Tensor ToDenoised(PredictionType type, Tensor prediction, Tensor noisy, NoiseLevel level)
    {
        using var scope = NewDisposeScope();
        var denoised = type switch
        {
            PredictionType.Epsilon when level.Alpha == 0 => throw new ArgumentException(
                "The level must have Alpha above 0 for an epsilon prediction; a zero-terminal-SNR schedule needs "
                    + "velocity or sample. Actual Alpha was 0.",
                nameof(level)
            ),
            PredictionType.Epsilon => (noisy - prediction.Times(level.Sigma)).Over(level.Alpha),
            PredictionType.Velocity => noisy.Times(level.Alpha / level.Variance)
                - prediction.Times(level.Sigma / level.Variance),
            PredictionType.Sample => prediction.alias(),
            _ => throw new ArgumentOutOfRangeException(
                nameof(type),
                type,
                "The prediction type must be Epsilon, Velocity or Sample."
            ),
        };
        return denoised.MoveToOuterDisposeScope();
    }

    /// <summary>A denoiser around a network.</summary>
    /// <param name="type">What the network predicts.</param>
    /// <param name="network">(latents, timestep) to a fresh prediction of the same shape.</param>
    public static Denoiser Denoiser(PredictionType type, Func<Tensor, double, Tensor> network) =>
        (noisy, level, _) =>
        {
            using var prediction = network(noisy, level.Timestep);
            return ToDenoised(type, prediction, noisy, level);
        };
}
