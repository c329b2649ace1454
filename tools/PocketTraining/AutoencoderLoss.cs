using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// The loss by which the embedded Autoencoder learns: differences of pixels, of their gradients and of pooled pictures,
/// in RGB and in the whitened space;
/// a small Kullback–Leibler term; and an anchor that ties the first three latents to the pooled picture, which keeps
/// every hue.
/// </summary>
public sealed record AutoencoderLoss
{
    /// <summary>Weight of the Kullback–Leibler term.</summary>
    public double KullbackLeibler { get; init; } = 3e-5;

    /// <summary>Weight of the anchor; 0 for none.</summary>
    public double Anchor { get; init; } = 0.1;

    /// <summary>
    /// Whether the encoder learns, too; once other networks depend on its latents it must not change.
    /// </summary>
    public bool TrainEncoder { get; init; } = true;

    /// <summary>What the networks compute in; weights, loss and its sums stay float32.</summary>
    public ScalarType Compute { get; init; } = ScalarType.Float32;

    /// <summary>The loss on a batch.</summary>
    /// <param name="autoencoder">An Autoencoder of the whitened colour space.</param>
    /// <param name="pictures">[B, 3, H, W], RGB, −1..1, float32.</param>
    /// <param name="generator">Draws the noise of the latents.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Autoencoder autoencoder, Tensor pictures, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        using var scope = NewDisposeScope();
        var whitened = WhitenedColour.FromRgb(pictures);
        var (mean, logVariance) = Encode(autoencoder, whitened);
        var z = mean.Plus(logVariance.Times(0.5).exp() * randn(mean.shape, generator: generator));
        var decoded = autoencoder.Decode(z.to(Compute)).to(ScalarType.Float32);
        var difference = WhitenedColour.ToRgb(decoded) - pictures;
        var loss = difference
            .square()
            .mean()
            .Plus(difference.abs().mean().Times(0.2))
            .Plus(GradientDifference(difference).Times(0.3))
            .Plus((decoded - whitened).square().mean().Times(0.5))
            .Plus(functional.avg_pool2d(difference, 4).square().mean())
            .Plus(functional.avg_pool2d(difference, 8).square().mean());
        if (TrainEncoder)
        {
            loss = loss.Plus(
                    (mean.square().Plus(logVariance.exp()).Minus(1) - logVariance).mean().Times(KullbackLeibler / 2)
                )
                .Plus(
                    (mean.narrow(1, 0, 3) - functional.avg_pool2d(whitened, autoencoder.Params.Downscale).Times(2))
                        .square()
                        .mean()
                        .Times(Anchor)
                );
        }

        return loss.MoveToOuterDisposeScope();
    }

    private (Tensor Mean, Tensor LogVariance) Encode(Autoencoder autoencoder, Tensor whitened)
    {
        using var gradients = set_grad_enabled(TrainEncoder);
        var (mean, logVariance) = autoencoder.Encode(whitened.to(Compute));
        return (mean.to(ScalarType.Float32), logVariance.to(ScalarType.Float32));
    }

    private static Tensor GradientDifference(Tensor difference) =>
        (difference.narrow(3, 1, difference.shape[3] - 1) - difference.narrow(3, 0, difference.shape[3] - 1))
            .abs()
            .mean()
            .Plus(
                (difference.narrow(2, 1, difference.shape[2] - 1) - difference.narrow(2, 0, difference.shape[2] - 1))
                    .abs()
                    .mean()
            );
}
