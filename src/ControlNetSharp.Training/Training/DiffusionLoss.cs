using ControlNetSharp.Diffusion;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The loss of a denoising network: the squared difference of prediction and target at random timesteps.
/// </summary>
internal sealed record DiffusionLoss : DenoisingLoss
{
    /// <summary>
    /// Timesteps with a larger signal-to-noise ratio than this count less: weight min(SNR, γ) / SNR (for velocities: /
    /// (SNR + 1)). Null weights all alike, as the original does.
    /// Source: Hang et al. 2023, arXiv:2303.09556, section 3.4.
    /// </summary>
    public double? SnrGamma { get; init; }

    /// <inheritdoc/>
    public override Tensor DrawTimesteps(long count, Generator generator) =>
        randint(0, Schedule.Count, [count], generator: generator);

    /// <inheritdoc/>
    public override long TimestepAt(double share) => (long)(share * Schedule.Count);

    /// <summary>The loss of one batch, which nothing teaches.</summary>
    /// <param name="predict">
    /// Noisy latents [B, 4, h, w] and timesteps [B] to a prediction of the same shape (in any dtype).
    /// </param>
    /// <param name="latents">[B, 4, h, w], float32, scaled. Borrowed.</param>
    /// <param name="noise">[B, 4, h, w], standard normal. Borrowed.</param>
    /// <param name="timesteps">[B], int64. Borrowed.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Func<Tensor, Tensor, Tensor> predict, Tensor latents, Tensor noise, Tensor timesteps) =>
        Of(predict, teach: null, latents, noise, timesteps);

    /// <inheritdoc/>
    private protected override Tensor Of(Batch batch)
    {
        var (latents, noise, timesteps) = (batch.Latents, batch.Noise, batch.Timesteps);
        var noisy = Schedule.AddNoise(latents, noise, timesteps);
        var target = Prediction switch
        {
            PredictionType.Epsilon => noise,
            PredictionType.Velocity => Schedule.Velocity(latents, noise, timesteps),
            _ => latents,
        };
        var perPicture = (batch.Predict(noisy, timesteps).to(ScalarType.Float32) - target).square().mean([1, 2, 3]);
        return (SnrGamma is { } gamma ? perPicture * Weights(timesteps, gamma) : perPicture).mean();
    }

    private Tensor Weights(Tensor timesteps, double gamma)
    {
        var product = tensor(Schedule.AlphasCumprod.ToArray(), ScalarType.Float32, device: timesteps.device)[timesteps];
        var snr = product / product.SubtractedFrom(1);
        var capped = snr.AtMost(gamma);
        return Prediction switch
        {
            PredictionType.Epsilon => capped / snr,
            PredictionType.Velocity => capped / snr.Plus(1),
            _ => capped,
        };
    }
}
