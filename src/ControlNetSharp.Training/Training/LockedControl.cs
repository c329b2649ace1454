using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>A ControlNet that is not trained, with the hints of a batch.</summary>
internal sealed class LockedControl
{
    private readonly ControlNet _network;
    private readonly Tensor _encodedHints;

    /// <summary>Encodes the hints.</summary>
    /// <param name="network">The ControlNet. Borrowed.</param>
    /// <param name="hints">[B, 3, 8h, 8w], 0..1, in the type that is computed in. Borrowed.</param>
    public LockedControl(ControlNet network, Tensor hints)
    {
        using var _ = no_grad();
        (_network, _encodedHints) = (network, network.EncodeHint(hints));
    }

    /// <summary>Its residuals.</summary>
    /// <param name="latents">[n·B, 4, h, w]: the batch, or n sides of it one after the other.</param>
    /// <param name="timesteps">[n·B].</param>
    /// <param name="context">[n·B, 77, ContextChannels].</param>
    /// <param name="vector">[n·B, VectorChannels]; null for networks that take none.</param>
    public IReadOnlyList<Tensor> Residuals(Tensor latents, Tensor timesteps, Tensor context, Tensor? vector)
    {
        using var _ = no_grad();
        using var hints = _encodedHints.repeat([latents.shape[0] / _encodedHints.shape[0], 1, 1, 1]);
        return _network.Forward(latents, timesteps, context, hints, vector);
    }
}
